//! Tells a failure of the grammar in the words of the guide.

use pest::error::{ErrorVariant, InputLocation};

use super::G;
use crate::diagnostic::{Code, Diagnostic};
use crate::reader::Form;
use crate::source::{Sources, Span};

/// The failure of the grammar on a form.
pub(super) fn syntax_error(
    sources: &Sources,
    form: &Form,
    error: pest::error::Error<G>,
) -> Diagnostic {
    let offset = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at as u32,
    };
    let at = (form.span.start + offset).min(form.span.end);
    let rest = &sources.file(form.span.file).text[at as usize..form.span.end as usize];
    let is_end = |c: char| c.is_whitespace() || "();@\"".contains(c);
    let length = rest
        .find(is_end)
        .unwrap_or(rest.len())
        .max(rest.chars().next().map_or(0, char::len_utf8));
    let span = Span {
        file: form.span.file,
        start: at,
        end: at + length as u32,
    };
    let found = &rest[..length];
    let expected = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => describe(&positives),
        ErrorVariant::CustomError { message } => message,
    };
    let mut error = Diagnostic::new(
        Code::Syntax,
        span,
        format!("this `{}` is not well-formed", form.head),
    );
    if expected.is_empty() {
        error = error.says(if found == ")" {
            "something is missing here"
        } else {
            "not expected here"
        });
    } else {
        error = error.says(format!("expected {expected}"));
    }
    let is_word = found
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$');
    let odd = found
        .chars()
        .find(|c| !c.is_alphanumeric() && !"_.$".contains(*c));
    match odd {
        Some(odd) if is_word => {
            let mend = found.replace(|c: char| !c.is_alphanumeric() && !"_.$".contains(c), "_");
            error.help(format!("names have no `{odd}` in them: write `{mend}`"))
        }
        _ => error.help(usage(&form.head)),
    }
}

/// What each form looks like.
fn usage(head: &str) -> String {
    let shape = match head {
        "type" => {
            "(type NAME (primitive RUST)), (type NAME (enum VARIANT…)) or (type NAME (struct FIELD…))"
        }
        "decl" => "(decl pure multi partial rec NAME (ARGUMENT…) RESULT), the flags in this order",
        "rule" => {
            "(rule NAME PRIORITY (TERM PATTERN…) (if-let PATTERN EXPR)… EXPR), name, priority and guards optional"
        }
        "extractor" => "(extractor (TERM PARAMETER…) PATTERN)",
        "extern" => {
            "(extern constructor TERM FUNCTION), (extern extractor infallible TERM FUNCTION) or (extern const $NAME TYPE)"
        }
        "convert" => "(convert FROM TO TERM)",
        "pragma" => "(pragma NAME)",
        "registers" => "(registers NAME COUNT)",
        "view" => "(view NAME REGISTERS WIDTH \"x{}\" (31 \"xzr\" zero)), the last part optional",
        "sized" => "(sized NAME FIELD (KIND \"BITS\")…)",
        "code" => "(code NAME WIDTH (CASE NUMBER \"ASSEMBLY\" MEANING)…), the meaning optional",
        "immediate" => {
            "(immediate NAME TYPE BITS (encode v EXPR) (decode f EXPR) (asm \"#{}\")), the last part optional"
        }
        "offset" => "(offset NAME BITS UNIT)",
        "define" => "(define (NAME PARAMETER…) EXPR)",
        "inst" => "(inst NAME (OPERAND KIND out)… (bits \"…\") (asm \"…\") (does EFFECT…))",
        "flags" => "(flags TERM keeps), (flags TERM reads) or (flags TERM sets)",
        "helper" => {
            "(helper NAME rust::path (ARGUMENT…) RESULT (may EFFECT…)), the last part optional"
        }
        _ => {
            "(test NAME INPUT (rules NAME…) (asm \"…\"…) (value (ARGUMENT…) RESULT)…), each clause optional"
        }
    };
    format!("the form is {shape}")
}

/// The grammar rules that may come next, as a person would name them.
fn describe(rules: &[G]) -> String {
    let mut names: Vec<&str> = rules
        .iter()
        .filter_map(|rule| {
            Some(match rule {
                G::name | G::variable | G::rule_name | G::name_list => "a name",
                G::const_name => "a constant `$NAME`",
                G::wildcard
                | G::boolean
                | G::pattern
                | G::binding
                | G::conjunction
                | G::term_pattern => "a pattern",
                G::integer | G::priority => "an integer",
                G::string => "a string",
                G::expr | G::let_expr | G::term_expr | G::body => "an expression",
                G::let_def => "a definition `(name Type value)`",
                G::type_value | G::primitive | G::enumeration | G::structure => {
                    "`(primitive …)`, `(enum …)` or `(struct …)`"
                }
                G::variant => "a variant",
                G::named_field => "a field `(name Type)`",
                G::if_let | G::if_only | G::guard => "a guard",
                G::datum | G::list | G::atom => "an expression",
                G::operand => "an operand `(name Kind)`",
                G::inst_clause
                | G::bits_clause
                | G::asm_clause
                | G::field_clause
                | G::where_clause
                | G::does_clause => "a clause",
                G::code_case => "a case `(Name number \"assembly\")`",
                G::sized_choice => "a choice `(Kind \"bits\")`",
                G::path => "a Rust path",
                G::flag_use => "`keeps`, `reads` or `sets`",
                G::type_flag => "`extern`",
                G::test_clause | G::test_rules | G::test_asm | G::test_value => "a clause",
                G::extern_constructor | G::extern_extractor | G::extern_const => {
                    "`constructor`, `extractor` or `const`"
                }
                G::kw_constructor => "`constructor`",
                G::kw_extractor => "`extractor`",
                G::kw_const => "`const`",
                _ => return None,
            })
        })
        .collect();
    // Where an expression fits, its kinds need not be listed.
    if names.contains(&"an expression") {
        names.retain(|name| {
            ![
                "a name",
                "an integer",
                "a constant `$NAME`",
                "a pattern",
                "a string",
            ]
            .contains(name)
        });
    }
    if names.contains(&"a pattern") {
        names.retain(|name| !["a name", "an integer", "a constant `$NAME`"].contains(name));
    }
    names.sort_unstable();
    names.dedup();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.to_string(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
