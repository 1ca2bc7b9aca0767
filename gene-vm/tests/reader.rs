//! What the reader makes of source text.

use gene_vm::print::written;
use gene_vm::reader::{read_all, read_first};
use gene_vm::vm::{Options, Vm};

/// The forms of a text in written form, or the message of its mistake.
fn read(text: &str) -> String {
    let mut vm = Vm::new(Options::default());
    match read_all(&mut vm, "<test>", text) {
        Ok(forms) => forms
            .iter()
            .map(|&f| written(f))
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => format!("Error: {error}"),
    }
}

#[test]
fn numbers() {
    assert_eq!(
        read("0 7 -1 +5 007 -0 9223372036854775807 -9223372036854775808"),
        "0 7 -1 5 7 0 9223372036854775807 -9223372036854775808"
    );
    assert_eq!(
        read("0x0 0xfF 0xff_ff 0xffffffffffffffff 0x7fffffffffffffff"),
        "0 255 65535 -1 9223372036854775807"
    );
    assert_eq!(
        read("5. 1e3 2.5E-3 -1e+20 1e400 00.5 -0.0 5.e2"),
        "5.0 1000.0 0.0025 -1e+20 inf 0.5 -0.0 500.0"
    );
    assert_eq!(read("(1..4) .5 1_000 -x 3+2"), "(1.0 .4) .5 1 _000 -x 3 2");
    for (text, message) in [
        (
            "9223372036854775808",
            "Parsed integer outside of valid range",
        ),
        (
            "0x1ffffffffffffffff",
            "Parsed integer outside of valid range",
        ),
        ("12kg", "TODO: number with unit"),
        ("-0x10", "TODO: number with unit"),
        ("0xfg", "TODO: number with unit"),
        ("1/2", "TODO: ratio"),
        ("0x", "Expected hex digits after 0x"),
        ("1e", "invalid float: 1e"),
        ("3-1", "Date literal requires 4-digit year, got: 3"),
    ] {
        assert_eq!(read(text), format!("Error: {message}"), "{text}");
    }
}

#[test]
fn moments() {
    let text = "2024-01-23 6:30 10:30:05.25 18:05Z 06:30-03:30 06:30[Europe/Oslo] 2031-07-04T06:30:09.125+02:00[A/B]";
    assert_eq!(
        read(text),
        "2024-01-23 06:30 10:30:05.25 18:05:00Z 06:30:00-03:30 06:30:00[Europe/Oslo] 2031-07-04T06:30:09.125+02:00[A/B]"
    );
    for (text, message) in [
        ("2031-7-04", "Expected 2-digit month in date literal"),
        ("2031-07-4", "Expected 2-digit day in date literal"),
        ("2031-13-01", "Invalid month: 13"),
        ("2031-02-32", "Invalid day: 32"),
        ("31-02-03", "Date literal requires 4-digit year, got: 31"),
        ("24:00", "Invalid hour: 24"),
        ("10:60", "Invalid minute: 60"),
        ("10:5", "Expected 2-digit minute in time literal"),
        ("10:30:61", "Invalid second: 61"),
        ("2031-07-04T10", "Malformed time literal: 2031-07-04T10"),
        (
            "2031-07-04T10:30[Asia/Tokyo]",
            "Malformed time literal: 2031-07-04T10:30",
        ),
        ("10:30[Tokyo]", "Expected Area/City in time zone"),
        ("2031-07-04T10:30+2:00", "Expected 2-digit hour in offset"),
        ("2024-01-23x", "Malformed date literal: 2024-01-23x"),
        (
            "2024-01-23T10:30:05x",
            "Malformed time literal: 2024-01-23T10:30:05x",
        ),
    ] {
        assert_eq!(read(text), format!("Error: {message}"), "{text}");
    }
}

#[test]
fn bytes() {
    assert_eq!(
        read("0#A0ff 0!11110000 0*AQID 0#a 0!1 0!1111~0000 0#aa~ bb 0*AQ~ID"),
        "0#a0ff 0#f0 0#010203 0#0a 0#01 0#f0 0#aabb 0#010203"
    );
    assert_eq!(read("0#zz"), "Error: Invalid character in bytes literal: z");
    assert_eq!(read("0!2"), "Error: Invalid character in bytes literal: 2");
}

#[test]
fn strings() {
    assert_eq!(
        read(r#""a\tb\"\\\/\q" "\u0041\ud83c\udf3c" "" "#),
        "\"a\tb\"\\/q\" \"A🌼\" \"\""
    );
    assert_eq!(
        read("\"\"\"  \n a\"b\"\" \n  \"\"\" \"\"\"\"\"\""),
        "\"\n a\"b\"\" \n\" \"\""
    );
    assert_eq!(
        read(r#""\u00g0""#),
        "Error: read_string failure: ErrInvalidToken"
    );
    assert_eq!(
        read(r#""\ud83cx""#),
        "Error: read_string failure: ErrInvalidToken"
    );
    assert_eq!(
        read(r#""abc"#),
        "Error: read_string failure: ErrQuoteExpected"
    );
    assert_eq!(
        read(r#""abc\"#),
        "Error: read_string failure: ErrQuoteExpected"
    );
}

#[test]
fn interpolation() {
    assert_eq!(
        read(r##"#"a#{b}c" #"#{"x"}y" #"#{ a }" #"#{^k 1}" #"#(+ 1 2)#[3]" #"""q"#{r}""""##),
        r##"(#Str "a" b "c") "xy" (#Str a) (#Str {^k 1}) (#Str (+ 1 2) [3]) (#Str "q"" r)"##
    );
    assert_eq!(
        read(r##"#"a#{#"b#{c}"}" #"\#{x} # 100% a#< } " >#b#" "##),
        r##"(#Str "a" (#Str "b" c)) "#{x} # 100% ab#""##
    );
    assert_eq!(
        read(r##"#"#{x + 1}""##),
        "Error: Expect } after the form in #{…}: put an expression in parentheses"
    );
    assert_eq!(
        read(r##"#"#{""##),
        "Error: read_string failure: ErrQuoteExpected"
    );
}

#[test]
fn symbols() {
    assert_eq!(
        read(
            r"nil void true false not_found _ #todo a#b don't two\ words up\/down a/b/c /x a/ / /= |p|"
        ),
        "nil void true false not_found _ #todo a#b don't two words up/down a/b/c /x a/ / /= |p|"
    );
    assert_eq!(
        read("`a %b %_c % %= (%)"),
        "VkQuote VkUnquote VkUnquote % %= (%)"
    );
    assert_eq!(
        read("a\\"),
        "Error: EOF while reading symbol: nothing follows \\"
    );
}

#[test]
fn regexes() {
    assert_eq!(
        read(r"#/\d+/ #/a\/b/im #/a/b/ #/a//i [#/x/] (#/\\\\/ .m)"),
        r"#/\\d+/ #/a\/b/im #/a/b/ #/a//i [#/x/] (#/\\\\/ .m)"
    );
    assert_eq!(read("#/a/q"), "Error: Invalid regex flag: q");
    assert_eq!(read("#/a"), "Error: EOF while reading regex /");
}

#[test]
fn collections() {
    assert_eq!(
        read("[1,2] #[1] {^a 1 ^b [x]} #{} () (f ^k v c) #(f) {{1 {^a 2}}} #{{a b}}"),
        "[1 2] #[1] {^a 1 ^b [x]} #{} (nil) (f ^k v c) #(f) (#HashMap 1 {^a 2}) #(#HashMap a b)"
    );
    assert_eq!(
        read("{^^k ^!l ^a^b 1 ^a^c^^d ^x {^y 1} ^x^!z} (^odd 1) [^a]"),
        "{^k true ^l false ^a {^b 1 ^c {^d true}} ^x {^y 1 ^z false}} (^odd 1) [^a]"
    );
    assert_eq!(
        read("(f a... [1] ... ^... m ^...1 n)"),
        "(f ^... m ^...1 n a... [1] ...)"
    );
    assert_eq!(
        read("(a; b; c) (a 1; b 2 ^k 3) (lone;) (x; .m) (a ^x 1; b)"),
        "(((a) b) c) ((a 1) ^k 3 b 2) ((lone)) ((x) .m) ((a ^x 1) b)"
    );
    assert_eq!(
        read("#@a b #@(f x) #@g y [#@h 1 2] {^k #@h 1}"),
        "(a b) ((f x) (g y)) [(h 1) 2] {^k (h 1)}"
    );
    for (text, message) in [
        (
            "{^a 1 ^a 2}",
            "Bad input at 1:7 (conflict with property shortcut found earlier.): ^a is given twice",
        ),
        (
            "{^a^b 1 ^a 2}",
            "Bad input at 1:9 (conflict with property shortcut found earlier.): ^a is given twice",
        ),
        (
            "(f ^a 1 x ^b 2)",
            "properties found in wrong place: ^b; all properties of a gene must stand together",
        ),
        ("{^a}", "Expect value for a"),
        ("(f ^a ^b 1)", "Expect value for a"),
        ("{a 1}", "Expect key at 1:2 but found a"),
        ("(a", "EOF while reading list ) (1, 1)"),
        ("\n [1", "EOF while reading list ] (2, 2)"),
        ("{^a 1", "EOF while reading map } (1, 1)"),
        (")", "Unmatched delimiter: ) (1, 1)"),
        ("(a ]", "Unmatched delimiter: ] (1, 4)"),
        ("{{a 1}", "Unmatched delimiter: } (1, 6)"),
        ("[a; b]", "; is only allowed directly inside of parentheses"),
        ("'ab'", "Expected closing ' in character literal, got: b"),
        ("`", "EOF while reading the form after ` (1, 1)"),
    ] {
        assert_eq!(read(text), format!("Error: {message}"), "{text}");
    }
}

#[test]
fn first_form() {
    let mut vm = Vm::new(Options::default());
    let first = read_first(&mut vm, "one (two").map(written);
    assert_eq!(first.as_deref(), Ok("one"));
    let empty = read_first(&mut vm, " # nothing").unwrap_err();
    assert_eq!(empty.message, "EOF while reading (1, 1)");
}

#[test]
fn positions() {
    let mut vm = Vm::new(Options::default());
    read_all(&mut vm, "first", "(a)").unwrap();
    let forms = read_all(&mut vm, "second", "(a)\n  (é (c))").unwrap();
    let gene = forms[1].get::<gene_vm::object::Gene>().unwrap();
    let inner = gene.children[0].get::<gene_vm::object::Gene>().unwrap();
    let place = vm
        .sources
        .location(gene_vm::source::Pos(inner.header().aux))
        .unwrap();
    assert_eq!(place.to_string(), "second:2:6");
}

#[test]
fn depth_is_no_limit() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{^a ", "}"),
        ("{{1 ", "}}"),
        ("`", "x"),
        ("#@f ", "x"),
        ("%", "x"),
        ("#\"#{", ""),
    ] {
        let n = 100_000;
        let text = format!("{}1{}", open.repeat(n), close.repeat(n));
        read(&text);
        read(&open.repeat(n));
    }
}
