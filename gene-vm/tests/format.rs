//! Printing forms as source, and formatting source.

mod support;

use gene_vm::format::{Style, format_source, forms};
use gene_vm::object::*;
use gene_vm::reader::read_all;
use gene_vm::symbol::Symbol;
use gene_vm::value::Value;
use gene_vm::vm::{Options, Vm};

fn printed(text: &str, style: Style) -> String {
    let mut vm = Vm::new(Options::default());
    let values = read_all(&mut vm, "<test>", text).expect("the text can be read");
    forms(&values, style)
}

#[test]
fn pretty() {
    assert_eq!(
        printed("(a ^x 1 [2] {^k \"v\"} \"s\")", Style::Pretty),
        "(a ^x 1\n  [\n    2\n  ]\n  {\n    ^k \"v\"\n  }\n  \"s\"\n)\n"
    );
    assert_eq!(
        printed("[] {} (a) (a ^b [1 2])", Style::Pretty),
        "[]\n\n{}\n\n(a)\n\n(a ^b [1 2])\n"
    );
    assert_eq!(
        printed("`(f (g x)) {{1 [2]}}", Style::Pretty),
        "`(f\n  (g\n    x\n  )\n)\n\n{{\n  1 [\n    2\n  ]\n}}\n"
    );
    assert_eq!(printed(" # nothing", Style::Pretty), "(empty)\n");
}

#[test]
fn compact_and_sexp() {
    let text = "(a ^x 1 (b ^y \"l\\n\\\"\") 'c') #[1 %x %_y] two\\ words";
    assert_eq!(
        printed(text, Style::Compact),
        "(a ^x 1 (b ^y \"l\\n\\\"\") 'c')\n\n#[1 %x %_y]\n\ntwo\\ words\n"
    );
    assert_eq!(
        printed(text, Style::Sexp),
        "(a :x 1 (b ^y \"l\\n\\\"\") 'c')\n\n#[1 %x %_y]\n\ntwo\\ words\n"
    );
}

#[test]
fn deep_forms_are_printed() {
    let text = format!("{}{}", "(a ".repeat(100_000), ")".repeat(100_000));
    for style in [Style::Pretty, Style::Compact] {
        assert!(printed(&text, style).ends_with(")\n"));
    }
}

/// Makes random values that have a spelling.
struct Values<'a> {
    vm: &'a mut Vm,
    random: fastrand::Rng,
}

impl Values<'_> {
    fn text(&mut self) -> String {
        const CHARS: &str = "ab01 \n\t\r\"\\'/^%!_=#(){}[]<>;:,`~.+-@|é🌻\u{feff}";
        let chars: Vec<char> = CHARS.chars().collect();
        (0..self.random.usize(1..5))
            .map(|_| chars[self.random.usize(..chars.len())])
            .collect()
    }

    fn symbol(&mut self) -> Symbol {
        match self.random.usize(..4) {
            0 => Symbol::intern(
                self.random
                    .choice([
                        "nil",
                        "true",
                        "/",
                        "/=",
                        "./",
                        "%",
                        "%=",
                        "...",
                        "_",
                        "not_found",
                    ])
                    .unwrap(),
            ),
            1 => Symbol::intern("name"),
            _ => Symbol::intern(&self.text()),
        }
    }

    fn values(&mut self, depth: usize) -> Vec<Value> {
        (0..self.random.usize(..4))
            .map(|_| self.value(depth))
            .collect()
    }

    fn props(&mut self, depth: usize) -> PropMap {
        (0..self.random.usize(..3))
            .map(|_| (self.symbol(), self.value(depth)))
            .collect()
    }

    fn value(&mut self, depth: usize) -> Value {
        let kinds = if depth == 0 { 9 } else { 14 };
        let value = match self.random.usize(..kinds) {
            0 => *self
                .random
                .choice(&[
                    Value::NIL,
                    Value::VOID,
                    Value::TRUE,
                    Value::FALSE,
                    Value::NOT_FOUND,
                ])
                .unwrap(),
            1 => {
                let bits = self.random.u32(..64);
                let int = self.random.i64(..) >> bits;
                self.vm.heap.int(int)
            }
            2 => {
                let float = f64::from_bits(self.random.u64(..));
                Value::float(if float.is_finite() { float } else { -0.0 })
            }
            3 => Value::char(self.text().chars().next().unwrap()),
            4 => {
                let text = self.text();
                self.vm.heap.string(text)
            }
            5 | 6 => Value::symbol(self.symbol()),
            7 => {
                let first = Symbol::intern("p");
                let rest = self.random.usize(1..3);
                let parts = std::iter::once(first)
                    .chain((0..rest).map(|_| Symbol::intern(&self.text())))
                    .collect();
                self.vm.heap.value(ComplexSymbol { parts })
            }
            8 => match self.random.usize(..3) {
                0 => self.vm.heap.value(Date {
                    year: self.random.i32(0..9999),
                    month: 2,
                    day: self.random.u8(1..31),
                }),
                1 => self.vm.heap.value(Bytes {
                    bytes: (0..self.random.usize(1..4))
                        .map(|_| self.random.u8(..))
                        .collect(),
                }),
                _ => self.vm.heap.value(Time {
                    hour: self.random.u8(..24),
                    minute: self.random.u8(..60),
                    second: self.random.u8(..60),
                    microsecond: self.random.u32(..1_000_000),
                    offset: Some(Offset {
                        minutes: Some(self.random.i32(-700..700)),
                        is_utc: false,
                        zone: Some("A/B".into()),
                    }),
                }),
            },
            9 => {
                let items = self.values(depth - 1);
                self.vm.heap.array(items)
            }
            10 => {
                let entries = self.props(depth - 1);
                self.vm.heap.map(entries)
            }
            11 => {
                let gene = Gene {
                    head: self.value(depth - 1),
                    props: self.props(depth - 1),
                    children: self.values(depth - 1).into(),
                };
                self.vm.heap.gene(gene)
            }
            12 => {
                let form = self.value(depth - 1);
                self.vm.heap.value(Quote { form })
            }
            _ => {
                let form = self.value(depth - 1);
                let discard = self.random.bool();
                self.vm.heap.value(Unquote { form, discard })
            }
        };
        if self.random.usize(..4) == 0 {
            seal(value);
        }
        value
    }
}

fn seal(value: Value) {
    if let Some(mut array) = value.get::<Array>() {
        array.header_mut().sealed = true;
    } else if let Some(mut map) = value.get::<Map>() {
        map.header_mut().sealed = true;
    } else if let Some(mut gene) = value.get::<Gene>() {
        gene.header_mut().sealed = true;
    }
}

fn same_all<'a>(
    a: impl ExactSizeIterator<Item = &'a Value>,
    b: impl ExactSizeIterator<Item = &'a Value>,
) -> bool {
    a.len() == b.len() && a.zip(b).all(|(&a, &b)| same(a, b))
}

fn same_props(a: &PropMap, b: &PropMap) -> bool {
    a.keys().eq(b.keys()) && same_all(a.values(), b.values())
}

/// Are the forms the same in all their parts?
fn same(a: Value, b: Value) -> bool {
    if let (Some(a), Some(b)) = (a.get::<Array>(), b.get::<Array>()) {
        a.header().sealed == b.header().sealed && same_all(a.items.iter(), b.items.iter())
    } else if let (Some(a), Some(b)) = (a.get::<Map>(), b.get::<Map>()) {
        a.header().sealed == b.header().sealed && same_props(&a.entries, &b.entries)
    } else if let (Some(a), Some(b)) = (a.get::<Gene>(), b.get::<Gene>()) {
        a.header().sealed == b.header().sealed
            && same(a.head, b.head)
            && same_props(&a.props, &b.props)
            && same_all(a.children.iter(), b.children.iter())
    } else if let (Some(a), Some(b)) = (a.get::<Quote>(), b.get::<Quote>()) {
        same(a.form, b.form)
    } else if let (Some(a), Some(b)) = (a.get::<Unquote>(), b.get::<Unquote>()) {
        a.discard == b.discard && same(a.form, b.form)
    } else if let (Some(a), Some(b)) = (a.get::<ComplexSymbol>(), b.get::<ComplexSymbol>()) {
        a.parts == b.parts
    } else if let (Some(a), Some(b)) = (a.as_float(), b.as_float()) {
        a.to_bits() == b.to_bits()
    } else {
        gene_vm::equality::equal(a, b)
    }
}

#[test]
fn what_is_printed_reads_back() {
    let mut vm = Vm::new(Options::default());
    for seed in 0..20_000 {
        let mut values = Values {
            vm: &mut vm,
            random: fastrand::Rng::with_seed(seed),
        };
        let value = values.value(3);
        for style in [Style::Compact, Style::Pretty] {
            let text = forms(&[value], style);
            match read_all(&mut vm, "<test>", &text).as_deref() {
                Ok([read]) => assert!(
                    same(value, *read),
                    "{text:?} reads back as {:?}",
                    forms(&[*read], style)
                ),
                other => panic!("{text:?} reads back as {other:?}"),
            }
        }
    }
}

#[test]
fn formatting_is_idempotent_and_keeps_the_meaning() {
    for program in support::corpus() {
        // Without its indentation, the formatter has something to do.
        let flat: String = program
            .lines()
            .map(|line| line.to_owned() + " \n")
            .collect();
        for text in [program, flat] {
            let formatted = format_source(&text);
            assert_eq!(format_source(&formatted), formatted);
            assert_eq!(
                printed(&text, Style::Compact),
                printed(&formatted, Style::Compact),
                "{text}"
            );
        }
    }
}

#[test]
fn indentation() {
    for (text, formatted) in [
        ("(a\nb\n   c)", "(a\n  b\n  c)"),
        (
            "(fn f []\n(if x\n1\nelse\n2)\n)\n",
            "(fn f []\n  (if x\n    1\n   else\n    2)\n)\n",
        ),
        ("(a (b\nc)\n)\nd", "(a (b\n  c)\n)\nd"),
        ("(a (b\n)\n)\nd", "(a (b\n  )\n)\nd"),
        (
            "(try\na\ncatch e\nb\nfinally\nc)",
            "(try\n  a\n catch e\n  b\n finally\n  c)",
        ),
        (
            "(var x [1 2\n3\n(f\n4)\n]\ny)",
            "(var x [1 2\n        3\n        (f\n          4)\n  ]\n  y)",
        ),
        ("(var x [\n1\n])", "(var x [\n  1\n])"),
        ("(var x [ # c\n1])", "(var x [ # c\n  1])"),
        ("a  \t\r\n\n   \nb", "a\n\n\nb"),
        ("(a\n # keep  \n#! me\nb)", "(a\n # keep\n#! me\n  b)"),
        (
            "(a \"(\n   ( text  \n\"\nb) ' ( '",
            "(a \"(\n   ( text  \n\"\n  b) ' ( '",
        ),
        (
            "(a #\"x#{(f [\n  1])}\n  (\"\nb)",
            "(a #\"x#{(f [\n  1])}\n  (\"\n  b)",
        ),
        (
            "(a '(' don't #/[(]/ # (((\nb)",
            "(a '(' don't #/[(]/ # (((\n  b)",
        ),
        ("(a #< (\n   (  \n>#\nb)", "(a #< (\n   (\n>#\n  b)"),
        ("  (a    b )   # why  \n", "(a    b )   # why\n"),
        (")))\n(a\nb", ")))\n(a\n  b"),
        ("(a \"open\n  b  ", "(a \"open\n  b  "),
        ("", ""),
    ] {
        assert_eq!(format_source(text), formatted, "{text:?}");
        assert_eq!(format_source(formatted), formatted, "twice");
    }
}
