//! What is known of values, and which registers hold them in which form.

use super::by_slot::BySlot;
use super::registers::Form;
use crate::arm64::isle::{Imm12, KIND_ARRAY, KIND_FUNCTION, KIND_STRING};
use crate::arm64::{FReg, Reg};
use crate::tree::{Checked, Node};
use arrayvec::ArrayVec;
use gene_vm::heap::Kind;
use gene_vm::value::Value;

/// What is known of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Fact {
    /// Nothing.
    #[default]
    Unknown,
    /// It is a small int.
    SmallInt,
    /// It is a float.
    Float,
    /// It is true or false.
    Bool,
    /// It is neither a number nor a boolean.
    Other,
    /// It is a heap object.
    Object,
    /// It is an array.
    Array,
    /// It is an array that can be changed: neither sealed nor frozen.
    OpenArray,
    /// It is a string.
    String,
    /// It is a function of the program.
    Function,
    /// It is an instance with this header word: of one shape.
    Instance(u64),
    /// It is this very object.
    Same(u64),
}

impl Fact {
    /// What is known of a literal or of a value at hand.
    pub fn of(value: Value) -> Fact {
        if value.is_small_int() {
            Fact::SmallInt
        } else if value.is_float() {
            Fact::Float
        } else if value.as_bool().is_some() {
            Fact::Bool
        } else if value.is_int() {
            // A boxed int is a number, but not one that code handles inline.
            Fact::Unknown
        } else if value.heap_kind() == Some(Kind::Array) {
            Fact::Array
        } else if value.heap_kind() == Some(Kind::Str) {
            Fact::String
        } else if value.heap_kind() == Some(Kind::Function) {
            Fact::Function
        } else if value.is_object() {
            Fact::Object
        } else {
            Fact::Other
        }
    }

    /// What is known of a value that has been found to have a type, inline.
    pub fn of_type(of: Checked) -> Fact {
        match of {
            Checked::Int => Fact::SmallInt,
            Checked::Float => Fact::Float,
            Checked::Bool => Fact::Bool,
            Checked::Array => Fact::Array,
            Checked::String => Fact::String,
            Checked::Map => Fact::Object,
        }
    }

    /// The fact, if it is about a number.
    pub fn as_number(self) -> Fact {
        match self {
            Fact::SmallInt | Fact::Float => self,
            _ => Fact::Unknown,
        }
    }

    /// Is the value surely a small int or a float?
    pub fn is_number(self) -> bool {
        matches!(self, Fact::SmallInt | Fact::Float)
    }

    /// What is known of a value that is one of two.
    pub fn meet(self, other: Fact) -> Fact {
        if self == other {
            self
        } else if self.is_array() && other.is_array() {
            Fact::Array
        } else if self.is_object() && other.is_object() {
            Fact::Object
        } else {
            Fact::Unknown
        }
    }

    /// Does this say that, too?
    pub fn implies(self, other: Fact) -> bool {
        self.meet(other) == other
    }

    /// Can a loop expect this of variables that it does not change?
    pub fn is_checked_at_loops(self) -> bool {
        matches!(
            self,
            Fact::SmallInt
                | Fact::Float
                | Fact::Object
                | Fact::Array
                | Fact::String
                | Fact::Function
        )
    }

    /// Is the value surely a heap object?
    pub fn is_object(self) -> bool {
        matches!(
            self,
            Fact::Object | Fact::String | Fact::Function | Fact::Instance(_) | Fact::Same(_)
        ) || self.is_array()
    }

    /// Is the value surely an array?
    pub fn is_array(self) -> bool {
        matches!(self, Fact::Array | Fact::OpenArray)
    }

    /// The kind of the heap object, if it is known and no shape is.
    pub fn kind(self) -> Option<Imm12> {
        match self {
            Fact::Array | Fact::OpenArray => Some(KIND_ARRAY),
            Fact::String => Some(KIND_STRING),
            Fact::Function => Some(KIND_FUNCTION),
            _ => None,
        }
    }

    /// What is still known after other code has run, which may have given an instance another shape or sealed an array.
    pub fn lasting(self) -> Fact {
        match self {
            Fact::Instance(_) => Fact::Object,
            Fact::OpenArray => Fact::Array,
            fact => fact,
        }
    }
}

/// A fact, and the registers that hold the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// What is known.
    pub fact: Fact,
    /// It is less than another small int.
    pub below: bool,
    /// The value as it is.
    pub boxed: Option<Reg>,
    /// A small int, its payload in the upper 48 bits.
    pub high: Option<Reg>,
    /// The value as it is, in a floating-point register; if it is a float, that is the double.
    pub double: Option<FReg>,
    /// The address of a heap object.
    pub address: Option<Reg>,
    /// The address of the first element of an array in a variable, until other code runs.
    pub items: Option<Reg>,
    /// A small int as a machine word.
    pub index: Option<Reg>,
}

impl Known {
    /// The general registers, with their forms.
    pub fn ints(&self) -> impl Iterator<Item = (Reg, Form)> + use<> {
        let forms = [
            (self.boxed, Form::Boxed),
            (self.high, Form::High),
            (self.address, Form::Address),
            (self.items, Form::Items),
            (self.index, Form::Index),
        ];
        forms
            .into_iter()
            .filter_map(|(reg, form)| Some((reg?, form)))
    }

    /// What is known of a value that is one of two.
    fn meet(self, there: Known) -> Known {
        fn same<T: PartialEq>(here: Option<T>, there: Option<T>) -> Option<T> {
            here.filter(|here| there.as_ref() == Some(here))
        }
        Known {
            fact: self.fact.meet(there.fact),
            below: self.below && there.below,
            boxed: same(self.boxed, there.boxed),
            high: same(self.high, there.high),
            double: same(self.double, there.double),
            address: same(self.address, there.address),
            items: same(self.items, there.items),
            index: same(self.index, there.index),
        }
    }

    /// The register with a form is somebody else's now.
    pub fn drop_form(&mut self, form: Form) {
        match form {
            Form::Boxed => self.boxed = None,
            Form::High => self.high = None,
            Form::Word => self.double = None,
            Form::Address => self.address = None,
            Form::Items => self.items = None,
            Form::Index => self.index = None,
        }
    }

    /// Is there a register with the value? An address does not count: it is not what goes to a home slot.
    pub fn in_register(&self) -> bool {
        self.boxed.is_some() || self.high.is_some() || self.double.is_some()
    }
}

/// A word that stays the same as long as the function runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// An address.
    Literal(u64),
    /// The address of the scope so many levels above the function's.
    Scope(u16),
}

/// So many words are known to be in registers.
const MOST_WORDS: usize = 8;

/// What stands for a value in what is known of two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// The value of a local variable.
    Local(u16),
    /// The value of a node.
    Node(Node),
    /// A literal.
    Literal(u64),
}

/// So many indices are known to be in range. Without a limit long blocks would take quadratic time.
const MOST_RANGES: usize = 16;

/// Indices that are known to be in the range of an array, the latest, until other code runs.
#[derive(Default)]
pub struct Ranges(ArrayVec<[Subject; 2], MOST_RANGES>);

impl Ranges {
    /// Is the index known to be one of the array's?
    pub fn contains(&self, of: Subject, index: Subject) -> bool {
        self.0.contains(&[of, index])
    }

    /// Notes that it is.
    pub fn insert(&mut self, of: Subject, index: Subject) {
        if self.0.is_full() {
            self.0.remove(0);
        }
        self.0.push([of, index]);
    }

    /// A value changes.
    pub fn forget(&mut self, subject: Subject) {
        self.0.retain(|pair| !pair.contains(&subject));
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// What is known of local variables. Unless they are deferred, their values are in their home slots, too.
/// With them goes what else is known wherever control goes on.
#[derive(Default)]
pub struct Locals {
    known: BySlot<Known>,
    /// The registers that hold words.
    words: Vec<(Word, Reg)>,
    /// Names have been checked, and no other code has run since.
    pub names_hold: bool,
}

impl Locals {
    /// What is known of a variable.
    pub fn get(&self, slot: u16) -> Known {
        self.known.get(slot)
    }

    /// Is there room to note something of a variable?
    pub fn has_room(&self, slot: u16) -> bool {
        self.known.has_room(slot)
    }

    /// What is known of a variable, to change it.
    pub fn get_mut(&mut self, slot: u16) -> &mut Known {
        self.known.get_mut(slot)
    }

    /// Forgets a variable; answers what was known of it.
    pub fn take(&mut self, slot: u16) -> Known {
        self.known.take(slot)
    }

    /// Forgets the variables that are not wanted.
    pub fn retain(&mut self, wanted: impl FnMut(u16) -> bool) {
        self.known.retain(wanted);
    }

    /// The variables of which something may be known.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Known)> + '_ {
        self.known.iter()
    }

    /// The words that are in registers.
    pub fn words(&self) -> &[(Word, Reg)] {
        &self.words
    }

    /// The register that holds a word.
    pub fn word(&self, word: Word) -> Option<Reg> {
        let mut words = self.words.iter();
        words.find_map(|&(held, reg)| (held == word).then_some(reg))
    }

    /// Notes that a register holds a word; answers one that is not noted any more, rather one that is not `kept`.
    pub fn hold_word(&mut self, word: Word, reg: Reg, kept: impl Fn(Reg) -> bool) -> Option<Reg> {
        let former = (self.words.len() == MOST_WORDS).then(|| {
            let index = self.words.iter().position(|&(_, reg)| !kept(reg));
            self.words.remove(index.unwrap_or(0)).1
        });
        self.words.push((word, reg));
        former
    }

    /// A register holds a word no more.
    pub fn forget_word(&mut self, word: Word) {
        self.words.retain(|(held, _)| *held != word);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.known.clear();
        self.words.clear();
        self.names_hold = false;
    }

    /// Forgets what other code may have changed; tells the registers that hold nothing now.
    pub fn keep_lasting(&mut self, mut free: impl FnMut(Reg)) {
        for (_, known) in self.known.iter_mut() {
            known.fact = known.fact.lasting();
            known.items.take().map(&mut free);
        }
        self.names_hold = false;
    }

    /// Keeps what holds there, too.
    pub fn meet(&mut self, there: &Locals) {
        self.known.meet(&there.known, Known::meet);
        self.words.retain(|word| there.words.contains(word));
        self.names_hold &= there.names_hold;
    }
}

impl Clone for Locals {
    fn clone(&self) -> Locals {
        Locals {
            known: self.known.clone(),
            words: self.words.clone(),
            names_hold: self.names_hold,
        }
    }

    /// Stays in the memory that it has.
    fn clone_from(&mut self, other: &Locals) {
        self.known.clone_from(&other.known);
        self.words.clone_from(&other.words);
        self.names_hold = other.names_hold;
    }
}
