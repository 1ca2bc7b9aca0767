//! Regular expressions: the engine, the constructor, the methods of Regexp (page 13).

use super::arrays::int;
use super::strings::char_position;
use crate::heap::Gc;
use crate::object::{Args, PropMap, Regex, RegexMatch, Str};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{Result, Vm};
use std::ops::Range;

const METHODS: super::Natives = &[
    ("match", match_),
    ("process", match_),
    ("match?", is_match),
    ("find", find),
    ("find_all", find_all),
    ("scan", find_all),
    ("split", split),
    ("replace", replace),
    ("sub", replace),
    ("replace_all", replace_all),
    ("gsub", replace_all),
];

pub(super) fn install(vm: &mut Vm) {
    let class = vm.builtins.classes.regexp;
    vm.define_methods(class, METHODS);
    vm.define_constructor(class, construct);
}

fn construct(vm: &mut Vm, args: Args) -> Result {
    let pattern = vm.required(args, 1, "Regexp.ctor requires a pattern string")?;
    let Some(pattern) = pattern.as_str() else {
        return Err(vm.bad_argument("Regexp.ctor expects a string pattern"));
    };
    let replacement = args.get(2).unwrap_or(Value::NIL);
    if replacement.as_str().is_none() && !replacement.is_nil() {
        return Err(vm.fail("Regexp.ctor replacement must be a string or nil"));
    }
    if args.len() > 3 {
        return Err(vm.fail("Regexp.ctor accepts at most pattern and replacement"));
    }
    let mut regex = Regex {
        pattern: pattern.into(),
        replacement: replacement.as_str().map(Into::into),
        ignore_case: false,
        dot_all: false,
        compiled: Default::default(),
    };
    for (flag, value) in args.keywords().into_iter().flatten() {
        match flag.name() {
            "i" => regex.ignore_case = value.is_truthy(),
            "m" => regex.dot_all = value.is_truthy(),
            flag => return Err(vm.fail(format!("Regexp.ctor unknown flag: {flag}"))),
        }
    }
    Ok(vm.heap.value(regex))
}

/// A compiled regular expression whose matches are looked for one after the other.
#[derive(Clone, Copy)]
pub(super) struct Engine<'a>(&'a fancy_regex::Regex);

impl Vm {
    /// The engine's form of a regex, which is compiled at the first use.
    pub(super) fn engine<'a>(&mut self, regex: Gc<Regex>) -> Result<Engine<'a>> {
        let regex = regex.into_ref();
        if regex.compiled.get().is_none() {
            let engine = compile(regex)
                .map_err(|error| self.fail(format!("Invalid regular expression: {error}")))?;
            regex.compiled.get_or_init(|| Box::new(engine));
        }
        let compiled = regex.compiled.get().expect("it was made above");
        Ok(Engine(
            compiled
                .downcast_ref()
                .expect("only this function fills the cell"),
        ))
    }
}

impl Engine<'_> {
    /// The first match that starts at byte `from` or later.
    pub(super) fn find_from(
        self,
        vm: &mut Vm,
        text: &str,
        from: usize,
    ) -> Result<Option<Range<usize>>> {
        match self.0.find_from_pos(text, from) {
            Ok(found) => Ok(found.map(|found| found.start()..found.end())),
            Err(error) => Err(vm.fail(format!("Regular expression failed: {error}"))),
        }
    }

    fn captures_from<'t>(
        self,
        vm: &mut Vm,
        text: &'t str,
        from: usize,
    ) -> Result<Option<fancy_regex::Captures<'t, str>>> {
        self.0
            .captures_from_pos(text, from)
            .map_err(|error| vm.fail(format!("Regular expression failed: {error}")))
    }
}

/// Where to look for the next match: behind an empty match one character on, or nowhere at the end.
pub(super) fn next_start(text: &str, found: &Range<usize>) -> Option<usize> {
    if !found.is_empty() {
        return Some(found.end);
    }
    let skipped = text[found.end..].chars().next()?;
    Some(found.end + skipped.len_utf8())
}

fn compile(regex: &Regex) -> std::result::Result<fancy_regex::Regex, Box<fancy_regex::Error>> {
    fancy_regex::RegexBuilder::new(&translate(&regex.pattern))
        .case_insensitive(regex.ignore_case)
        .dot_matches_new_line(regex.dot_all)
        .build()
        .map_err(Box::new)
}

/// Writes a PCRE pattern in the engine's dialect. What differs: `$` and `\Z` also match before a final line end,
/// `(?'n'…)` names a group, and in classes `[`, `&` and `~` stand for themselves.
fn translate(pattern: &str) -> String {
    const END: &str = r"(?=\n?\z)";
    let mut out = String::with_capacity(pattern.len() + END.len());
    let mut rest = pattern;
    let mut in_class = false;
    let mut multi_line = false;
    while let Some(c) = rest.chars().next() {
        let (token, after) = rest.split_at(token_len(rest));
        rest = after;
        match c {
            '\\' if token == r"\Z" && !in_class => out.push_str(END),
            '\\' => out.push_str(token),
            '[' if in_class && rest.starts_with(':') => {
                let end = rest.find(":]").map_or(0, |at| at + 2);
                out.push('[');
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            }
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '[' => {
                in_class = true;
                out.push('[');
                if let Some(after) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = after;
                }
                if let Some(after) = rest.strip_prefix(']') {
                    out.push_str(r"\]");
                    rest = after;
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '$' if !in_class && !multi_line => out.push_str(END),
            '(' if !in_class && rest.starts_with("?'") => {
                let (name, after) = rest[2..].split_once('\'').unwrap_or((&rest[2..], ""));
                out.push_str("(?<");
                out.push_str(name);
                out.push('>');
                rest = after;
            }
            '(' if !in_class => {
                multi_line |= sets_multi_line(rest);
                out.push('(');
            }
            _ => out.push(c),
        }
    }
    out
}

/// Length of the first token: an escape sequence's backslash and character, or one character.
fn token_len(pattern: &str) -> usize {
    let mut chars = pattern.chars();
    let first = chars.next().map_or(0, char::len_utf8);
    if pattern.starts_with('\\') {
        first + chars.next().map_or(0, char::len_utf8)
    } else {
        first
    }
}

/// Does an opening parenthesis with this behind it switch `(?m)` on?
fn sets_multi_line(rest: &str) -> bool {
    let Some(flags) = rest.strip_prefix('?') else {
        return false;
    };
    let end = flags
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(flags.len());
    flags[..end].contains('m') && flags[end..].starts_with([')', ':', '-'])
}

/// The receiver's engine and the subject.
fn subject<'a>(vm: &mut Vm, args: Args, method: &str) -> Result<(Engine<'a>, Gc<Str>)> {
    let regex: Gc<Regex> = vm.receiver(args)?;
    let Some(subject) = args.get(1) else {
        return Err(vm.bad_argument(format!("Regexp.{method} requires an input string")));
    };
    let Some(subject) = subject.get::<Str>() else {
        return Err(vm.bad_argument(format!("Regexp.{method} expects a Regexp and string")));
    };
    Ok((vm.engine(regex)?, subject))
}

fn match_(vm: &mut Vm, args: Args) -> Result {
    let (engine, subject) = subject(vm, args, "match")?;
    match_object(vm, engine, subject)
}

/// The match object of the first match, or `nil`.
pub(super) fn match_object(vm: &mut Vm, engine: Engine, subject: Gc<Str>) -> Result {
    let text = subject.as_str();
    let Some(captures) = engine.captures_from(vm, text, 0)? else {
        return Ok(Value::NIL);
    };
    let group = |i| captures.get(i).map_or("", |group| group.as_str());
    let found = captures.get(0).expect("group 0 is the match");
    let groups: Vec<Value> = (1..captures.len())
        .map(|i| vm.heap.string(group(i)))
        .collect();
    let named = engine.0.capture_names().enumerate();
    let named: PropMap = named
        .filter_map(|(i, name)| Some((Symbol::intern(name?), vm.heap.string(group(i)))))
        .collect();
    let fields = [
        ("value", vm.heap.string(found.as_str())),
        ("captures", vm.heap.array(groups)),
        ("named_captures", vm.heap.map(named)),
        ("start", Value::len(char_position(subject, found.start()))),
        ("end", Value::len(char_position(subject, found.end()))),
        ("pre_match", vm.heap.string(&text[..found.start()])),
        ("post_match", vm.heap.string(&text[found.end()..])),
    ];
    let fields = fields.map(|(name, value)| (Symbol::intern(name), value));
    Ok(vm.heap.value(RegexMatch {
        fields: fields.into_iter().collect(),
    }))
}

fn is_match(vm: &mut Vm, args: Args) -> Result {
    let (engine, subject) = subject(vm, args, "match?")?;
    let found = engine.find_from(vm, subject.as_str(), 0)?;
    Ok(Value::bool(found.is_some()))
}

fn find(vm: &mut Vm, args: Args) -> Result {
    let (engine, subject) = subject(vm, args, "find")?;
    match engine.find_from(vm, subject.as_str(), 0)? {
        Some(found) => Ok(vm.heap.string(&subject.as_str()[found])),
        None => Ok(Value::NIL),
    }
}

fn find_all(vm: &mut Vm, args: Args) -> Result {
    let (engine, subject) = subject(vm, args, "find_all")?;
    let text = subject.as_str();
    let mut matches = Vec::new();
    let mut next = Some(0);
    while let Some(from) = next {
        let Some(found) = engine.find_from(vm, text, from)? else {
            break;
        };
        next = next_start(text, &found);
        matches.push(vm.heap.string(&text[found]));
    }
    Ok(vm.heap.array(matches))
}

fn split(vm: &mut Vm, args: Args) -> Result {
    let (engine, subject) = subject(vm, args, "split")?;
    split_text(vm, engine, subject.as_str(), args)
}

/// The limit of pieces that argument 2 of `split` gives.
pub(super) fn split_limit(vm: &mut Vm, args: Args) -> Result<usize> {
    match args.get(2) {
        Some(limit) => Ok(usize::try_from(int(vm, limit)?).unwrap_or(0).max(1)),
        None => Ok(usize::MAX),
    }
}

/// The pieces between the matches. Empty matches at the ends of the text and of pieces cut nothing off.
pub(super) fn split_text(vm: &mut Vm, engine: Engine, text: &str, args: Args) -> Result {
    let limit = split_limit(vm, args)?;
    let mut pieces = Vec::new();
    if text.is_empty() {
        return Ok(vm.heap.array(pieces));
    }
    let mut piece_start = 0;
    let mut next = Some(0);
    while let Some(from) = next {
        if pieces.len() + 1 >= limit {
            break;
        }
        let Some(found) = engine.find_from(vm, text, from)? else {
            break;
        };
        next = next_start(text, &found);
        if found.is_empty() && (found.start == piece_start || found.start == text.len()) {
            continue;
        }
        pieces.push(vm.heap.string(&text[piece_start..found.start]));
        piece_start = found.end;
    }
    pieces.push(vm.heap.string(&text[piece_start..]));
    Ok(vm.heap.array(pieces))
}

fn replace(vm: &mut Vm, args: Args) -> Result {
    let (engine, subject) = subject(vm, args, "replace")?;
    replace_matches(vm, args, args[0], engine, subject, false)
}

fn replace_all(vm: &mut Vm, args: Args) -> Result {
    let (engine, subject) = subject(vm, args, "replace_all")?;
    replace_matches(vm, args, args[0], engine, subject, true)
}

/// Replaces the first or all matches by argument 2 or the regex's own replacement.
pub(super) fn replace_matches(
    vm: &mut Vm,
    args: Args,
    regex: Value,
    engine: Engine,
    subject: Gc<Str>,
    all: bool,
) -> Result {
    let given = args.get(2).unwrap_or(Value::NIL);
    let own = regex
        .get::<Regex>()
        .and_then(|regex| regex.into_ref().replacement.as_deref());
    let replacement = match given.as_str().or(own.filter(|_| given.is_nil())) {
        Some(replacement) => parse_replacement(replacement),
        None if given.is_nil() => return Err(vm.fail("Replacement string is required")),
        None => return Err(vm.fail("Replacement must be a string")),
    };
    let text = subject.as_str();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut next = Some(0);
    while let Some(from) = next {
        let Some(captures) = engine.captures_from(vm, text, from)? else {
            break;
        };
        let found = captures.get(0).expect("group 0 is the match");
        out.push_str(&text[copied..found.start()]);
        for part in &replacement {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Group(i) => captures.get(*i).map_or("", |group| group.as_str()),
                Part::Named(name) => captures.name(name).map_or("", |group| group.as_str()),
            });
        }
        copied = found.end();
        next = next_start(text, &(found.start()..found.end())).filter(|_| all);
    }
    out.push_str(&text[copied..]);
    Ok(vm.heap.string(out))
}

/// A part of a replacement string (13.6).
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Text(&'a str),
    Group(usize),
    Named(&'a str),
}

fn parse_replacement(replacement: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        parts.push(Part::Text(before));
        let (part, len) = parse_reference(escape);
        parts.push(part);
        rest = &escape[len..];
    }
    parts.push(Part::Text(rest));
    parts
}

/// What the backslash at the start means, and how many bytes belong to it.
fn parse_reference(escape: &str) -> (Part<'_>, usize) {
    let digits = escape[1..]
        .bytes()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits > 0 {
        let group = escape[1..=digits].parse().unwrap_or(usize::MAX);
        return (Part::Group(group), 1 + digits);
    }
    for (open, close) in [("k<", '>'), ("k'", '\''), ("g<", '>'), ("g'", '\'')] {
        if let Some(name) = escape[1..].strip_prefix(open)
            && let Some(end) = name.find(close)
        {
            return (Part::Named(&name[..end]), 3 + end + 1);
        }
    }
    let backslashes = if escape.starts_with(r"\\") { 2 } else { 1 };
    (Part::Text(&escape[..1]), backslashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_translated_to_the_engines_dialect() {
        for (pcre, ours) in [
            ("a$", r"a(?=\n?\z)"),
            (r"a\$[$]", r"a\$[$]"),
            (r"(?m)a$", "(?m)a$"),
            ("(?'n'x)", "(?<n>x)"),
            ("[]a[&&~]", r"[\]a\[\&\&\~]"),
            ("[^][:alpha:]x]", r"[^\][:alpha:]x]"),
            (r"\Z", r"(?=\n?\z)"),
            ("(", "("),
            ("\\", "\\"),
        ] {
            assert_eq!(translate(pcre), ours, "{pcre}");
        }
    }

    #[test]
    fn replacements_refer_to_groups() {
        use Part::*;
        assert_eq!(
            parse_replacement(r"<\12\k<n>\g'm'\\\x\"),
            [
                Text("<"),
                Group(12),
                Text(""),
                Named("n"),
                Text(""),
                Named("m"),
                Text(""),
                Text("\\"),
                Text(""),
                Text("\\"),
                Text("x"),
                Text("\\"),
                Text(""),
            ]
        );
    }
}
