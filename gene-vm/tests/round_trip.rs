//! What the printer of source text writes, the reader reads back: reader(printer(v)) = v.

use fastrand::Rng;
use gene_vm::equality::equal;
use gene_vm::format::{Style, forms};
use gene_vm::heap::HeapData;
use gene_vm::object::*;
use gene_vm::reader::read_all;
use gene_vm::vm::{Options, Vm};
use gene_vm::{Symbol, Value};

const VALUES: usize = 20_000;
const SEED: u64 = 0x6765_6E65;

/// Characters that mean something to the reader, and some that are long.
const ODD: [char; 40] = [
    ' ', '\n', '\t', '\r', '"', '\'', '`', '%', '(', ')', '[', ']', '{', '}', ';', '#', ':', '^',
    '@', '|', '.', '/', '\\', ',', '!', '?', '*', '+', '-', '=', '<', '>', '~', '$', '_', 'é', 'ß',
    '🌻', '\u{301}', '0',
];

struct Generator<'a> {
    vm: &'a mut Vm,
    rng: Rng,
}

impl Generator<'_> {
    fn char(&mut self) -> char {
        match self.rng.u8(..4) {
            0 => ODD[self.rng.usize(..ODD.len())],
            1 => self.rng.char(..),
            _ => self.rng.alphanumeric(),
        }
    }

    fn text(&mut self) -> String {
        let length = self.rng.usize(..8);
        (0..length).map(|_| self.char()).collect()
    }

    fn symbol(&mut self) -> Symbol {
        loop {
            let text = self.text();
            if !text.is_empty() {
                return Symbol::intern(&text);
            }
        }
    }

    fn int(&mut self) -> i64 {
        let near = [0, i64::MIN, i64::MAX, 1 << 47, -(1 << 47), 1 << 53];
        near[self.rng.usize(..near.len())].wrapping_add(self.rng.i64(-3..=3))
    }

    /// A float that has a literal.
    fn float(&mut self) -> f64 {
        loop {
            let float = match self.rng.bool() {
                true => f64::from_bits(self.rng.u64(..)),
                false => self.int() as f64 / 8.0,
            };
            if float.is_finite() {
                return float;
            }
        }
    }

    /// A literal of a date, time or regex.
    fn literal(&mut self) -> String {
        let date = format!(
            "{:04}-{:02}-{:02}",
            self.rng.u16(..10_000),
            self.rng.u8(1..=12),
            self.rng.u8(1..=31)
        );
        let mut time = format!("{:02}:{:02}", self.rng.u8(..24), self.rng.u8(..60));
        if self.rng.bool() {
            time += &format!(":{:02}.{:06}", self.rng.u8(..60), self.rng.u32(..1_000_000));
        }
        time += ["", "Z", "+05:30", "-03:00", "Z[Europe/Oslo]"][self.rng.usize(..5)];
        let regex = [
            "#/a.b/",
            "#/\\d+\\//im",
            "#/(x)y/\\1z/i",
            "#/\\\\\\\\|\\n/m",
        ];
        match self.rng.u8(..4) {
            0 => date,
            1 => time,
            2 => format!("{date}T{time}"),
            _ => regex[self.rng.usize(..regex.len())].to_owned(),
        }
    }

    fn leaf(&mut self) -> Value {
        match self.rng.u8(..13) {
            0 => Value::NIL,
            1 => Value::VOID,
            2 => Value::bool(self.rng.bool()),
            3 => Value::NOT_FOUND,
            4 => Value::float(self.float()),
            5 => Value::char(self.char()),
            6 | 7 => Value::symbol(self.symbol()),
            8 => {
                let int = self.int();
                self.vm.heap.int(int)
            }
            9 => {
                let length = self.rng.usize(1..5);
                let bytes = (0..length).map(|_| self.rng.u8(..)).collect();
                self.vm.heap.value(Bytes { bytes })
            }
            10 => {
                let parts = self.rng.usize(2..4);
                let parts = (0..parts).map(|_| self.symbol()).collect();
                self.vm.heap.value(ComplexSymbol { parts })
            }
            11 => {
                let text = self.literal();
                read(self.vm, &text).expect("it is a literal")
            }
            _ => {
                let text = self.text();
                self.vm.heap.string(text)
            }
        }
    }

    fn values(&mut self, depth: usize) -> Vec<Value> {
        let count = self.rng.usize(..4);
        (0..count).map(|_| self.value(depth)).collect()
    }

    fn properties(&mut self, depth: usize) -> PropMap {
        let count = self.rng.usize(..3);
        (0..count)
            .map(|_| (self.symbol(), self.value(depth)))
            .collect()
    }

    fn sealed<T: HeapData>(&mut self, data: T) -> Value {
        let sealed = self.rng.u8(..4) == 0;
        let mut object = self.vm.heap.alloc(data);
        object.header_mut().sealed = sealed;
        Value::object(object)
    }

    fn value(&mut self, depth: usize) -> Value {
        if depth == 0 || self.rng.u8(..3) == 0 {
            return self.leaf();
        }
        match self.rng.u8(..6) {
            0 => {
                let items = self.values(depth - 1).into();
                self.sealed(Array { items })
            }
            1 => {
                let entries = self.properties(depth - 1);
                self.sealed(Map { entries })
            }
            2 => {
                let form = self.value(depth - 1);
                self.vm.heap.value(Quote { form })
            }
            3 => {
                let (form, discard) = (self.value(depth - 1), self.rng.bool());
                self.vm.heap.value(Unquote { form, discard })
            }
            _ => {
                let gene = Gene {
                    head: self.value(depth - 1),
                    props: self.properties(depth - 1),
                    children: self.values(depth - 1).into(),
                };
                self.sealed(gene)
            }
        }
    }
}

/// The single form of a text.
fn read(vm: &mut Vm, text: &str) -> Option<Value> {
    match read_all(vm, "<text>", text).ok()?[..] {
        [form] => Some(form),
        _ => None,
    }
}

/// Are two values the same in all that the reader makes?
fn same(a: Value, b: Value) -> bool {
    if let (Some(a), Some(b)) = (a.get::<Gene>(), b.get::<Gene>()) {
        a.header().sealed == b.header().sealed
            && same(a.head, b.head)
            && same_properties(&a.props, &b.props)
            && same_values(&a.children, &b.children)
    } else if let (Some(a), Some(b)) = (a.get::<Array>(), b.get::<Array>()) {
        a.header().sealed == b.header().sealed && same_values(&a.items, &b.items)
    } else if let (Some(a), Some(b)) = (a.get::<Map>(), b.get::<Map>()) {
        a.header().sealed == b.header().sealed && same_properties(&a.entries, &b.entries)
    } else if let (Some(a), Some(b)) = (a.get::<Quote>(), b.get::<Quote>()) {
        same(a.form, b.form)
    } else if let (Some(a), Some(b)) = (a.get::<Unquote>(), b.get::<Unquote>()) {
        a.discard == b.discard && same(a.form, b.form)
    } else if let (Some(a), Some(b)) = (a.get::<Regex>(), b.get::<Regex>()) {
        a.pattern == b.pattern
            && a.replacement == b.replacement
            && (a.ignore_case, a.dot_all) == (b.ignore_case, b.dot_all)
    } else if let (Some(a), Some(b)) = (a.as_float(), b.as_float()) {
        a.to_bits() == b.to_bits()
    } else {
        equal(a, b)
    }
}

fn same_values(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| same(a, b))
}

/// The order counts, too.
fn same_properties(a: &PropMap, b: &PropMap) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|((key, &a), (other, &b))| key == other && same(a, b))
}

#[test]
fn what_is_printed_reads_back() {
    let mut vm = Vm::new(Options::default());
    let mut rng = Rng::with_seed(SEED);
    for _ in 0..VALUES {
        let rng = rng.fork();
        let value = Generator { vm: &mut vm, rng }.value(4);
        for style in [Style::Compact, Style::Pretty] {
            let text = forms(&[value], style);
            let back = read(&mut vm, &text);
            assert!(back.is_some_and(|back| same(value, back)), "{text}");
        }
    }
}
