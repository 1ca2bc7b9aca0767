//! What is known of values, and which registers hold them in which form.

use super::registers::Form;
use crate::arm64::isle::{Imm12, KIND_ARRAY, KIND_STRING};
use crate::arm64::{FReg, Reg};
use crate::tree::Checked;
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
            Fact::SmallInt | Fact::Float | Fact::Object | Fact::Array | Fact::String
        )
    }

    /// Is the value surely a heap object?
    pub fn is_object(self) -> bool {
        matches!(
            self,
            Fact::Object | Fact::String | Fact::Instance(_) | Fact::Same(_)
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
    /// A float, unboxed.
    pub double: Option<FReg>,
    /// The address of a heap object.
    pub address: Option<Reg>,
}

impl Known {
    /// The general registers, with their forms.
    pub fn ints(&self) -> impl Iterator<Item = (Reg, Form)> + use<> {
        let forms = [
            (self.boxed, Form::Boxed),
            (self.high, Form::High),
            (self.address, Form::Address),
        ];
        forms
            .into_iter()
            .filter_map(|(reg, form)| Some((reg?, form)))
    }

    /// The register with a form is somebody else's now.
    pub fn drop_form(&mut self, form: Form) {
        match form {
            Form::Boxed => self.boxed = None,
            Form::High => self.high = None,
            Form::Double => self.double = None,
            Form::Address => self.address = None,
        }
    }

    /// Is there a register with the value? An address does not count: it is not what goes to a home slot.
    pub fn in_register(&self) -> bool {
        self.boxed.is_some() || self.high.is_some() || self.double.is_some()
    }
}

/// What is known of local variables, by slot. Unless they are deferred, their values are in their home slots, too.
#[derive(Default)]
pub struct Locals(Vec<Known>);

impl Locals {
    /// What is known of a variable.
    pub fn get(&self, slot: u16) -> Known {
        self.0.get(slot as usize).copied().unwrap_or_default()
    }

    /// What is known of a variable, to change it.
    pub fn get_mut(&mut self, slot: u16) -> &mut Known {
        let slot = slot as usize;
        if slot >= self.0.len() {
            self.0.resize(slot + 1, Known::default());
        }
        &mut self.0[slot]
    }

    /// The variables of which something may be known.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Known)> + '_ {
        (0..).zip(self.0.iter().copied())
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Forgets what other code may have changed.
    pub fn keep_lasting(&mut self) {
        for known in &mut self.0 {
            known.fact = known.fact.lasting();
        }
    }

    /// Keeps what holds there, too.
    pub fn meet(&mut self, there: &Locals) {
        self.0.truncate(there.0.len());
        for (here, there) in self.0.iter_mut().zip(&there.0) {
            here.fact = here.fact.meet(there.fact);
            here.below &= there.below;
            here.boxed = here.boxed.filter(|_| here.boxed == there.boxed);
            here.high = here.high.filter(|_| here.high == there.high);
            here.double = here.double.filter(|_| here.double == there.double);
            here.address = here.address.filter(|_| here.address == there.address);
        }
    }
}

impl Clone for Locals {
    fn clone(&self) -> Locals {
        Locals(self.0.clone())
    }

    /// Stays in the memory that it has.
    fn clone_from(&mut self, other: &Locals) {
        self.0.clone_from(&other.0);
    }
}
