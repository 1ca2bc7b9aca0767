//! The 64-bit value word (NaN boxing).
//!
//! | upper 16 bits     | value                                             |
//! |-------------------|---------------------------------------------------|
//! | up to `0xFFF0`    | a double as it is; NaNs are canonical (`0x7FF8…`) |
//! | `0xFFF1`          | singletons ([`Value::NIL`] …) and characters      |
//! | `0xFFF9`          | symbol, payload: its number                       |
//! | `0xFFFC`          | heap object, payload: its address                 |
//! | `0xFFFF`          | small int, payload: 48-bit two's complement       |
//!
//! Small ints carry the highest tag so that one unsigned comparison with
//! [`SMALL_INT_TAG`] tests for them.

use crate::heap::{Gc, HeapData, Kind};
use crate::symbol::Symbol;

/// Number of payload bits below the tag.
pub const TAG_SHIFT: u32 = 48;
/// Mask of the payload bits.
pub const PAYLOAD_MASK: u64 = (1 << TAG_SHIFT) - 1;
/// Tag of singletons and characters. Doubles are all words below it.
pub const SPECIAL_TAG: u64 = 0xFFF1 << TAG_SHIFT;
/// Tag of symbols.
pub const SYMBOL_TAG: u64 = 0xFFF9 << TAG_SHIFT;
/// Tag of heap objects.
pub const POINTER_TAG: u64 = 0xFFFC << TAG_SHIFT;
/// Tag of small ints, the highest of all tags.
pub const SMALL_INT_TAG: u64 = 0xFFFF << TAG_SHIFT;
/// Smallest small int, −2⁴⁷.
pub const SMALL_INT_MIN: i64 = -(1 << 47);
/// Largest small int, 2⁴⁷ − 1.
pub const SMALL_INT_MAX: i64 = (1 << 47) - 1;
/// The only NaN that a value may hold.
pub const CANONICAL_NAN: u64 = 0x7FF8 << TAG_SHIFT;
/// Payload bit that tells a character from a singleton.
const CHAR_FLAG: u64 = 1 << 32;

/// One Gene value: a double, a small int, a singleton, a character, a symbol,
/// or a reference to a heap object.
///
/// `==` on this type is identity of the words; the language's equality is
/// [`crate::equality::equal`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Value(u64);

impl Value {
    /// `nil`
    pub const NIL: Value = Value(SPECIAL_TAG);
    /// `false`
    pub const FALSE: Value = Value(SPECIAL_TAG + 1);
    /// `void`
    pub const VOID: Value = Value(SPECIAL_TAG + 2);
    /// `true`
    pub const TRUE: Value = Value(SPECIAL_TAG + 3);
    /// `_`
    pub const PLACEHOLDER: Value = Value(SPECIAL_TAG + 4);
    /// The sentinel `not_found`, which ends an iteration.
    pub const NOT_FOUND: Value = Value(SPECIAL_TAG + 5);
    /// Not a Gene value: a variable that has no value yet, a parameter that
    /// got no argument.
    pub const UNDEFINED: Value = Value(SPECIAL_TAG + 6);
    /// Not a Gene value: what compiled code and helpers answer when an
    /// exception is pending in the VM.
    pub const EXCEPTION: Value = Value(SPECIAL_TAG + 7);

    /// The value with exactly these bits.
    #[inline]
    pub const fn from_bits(bits: u64) -> Value {
        Value(bits)
    }

    /// The 64 bits of the value.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// A boolean.
    #[inline]
    pub const fn bool(b: bool) -> Value {
        Value(Value::FALSE.0 + 2 * b as u64)
    }

    /// A small int; `None` when `i` needs more than 48 bits
    /// (then [`crate::heap::Heap::int`] boxes it).
    #[inline]
    pub const fn small_int(i: i64) -> Option<Value> {
        if i >= SMALL_INT_MIN && i <= SMALL_INT_MAX {
            Some(Value(SMALL_INT_TAG | (i as u64 & PAYLOAD_MASK)))
        } else {
            None
        }
    }

    /// An int that surely fits 48 bits, such as a length.
    #[inline]
    pub const fn int32(i: i32) -> Value {
        Value(SMALL_INT_TAG | (i as i64 as u64 & PAYLOAD_MASK))
    }

    /// A length or index.
    #[inline]
    pub fn len(n: usize) -> Value {
        Value(SMALL_INT_TAG | (n as u64 & PAYLOAD_MASK >> 1))
    }

    /// A float; every NaN becomes the canonical one.
    #[inline]
    pub fn float(f: f64) -> Value {
        if f.is_nan() {
            Value(CANONICAL_NAN)
        } else {
            Value(f.to_bits())
        }
    }

    /// A character.
    #[inline]
    pub const fn char(c: char) -> Value {
        Value(SPECIAL_TAG | CHAR_FLAG | c as u64)
    }

    /// A symbol.
    #[inline]
    pub const fn symbol(s: Symbol) -> Value {
        Value(SYMBOL_TAG | s.index() as u64)
    }

    /// True for all values but `false`, `nil` and `void`.
    #[inline]
    pub const fn is_truthy(self) -> bool {
        // The three are the lowest singletons.
        self.0.wrapping_sub(SPECIAL_TAG) > 2
    }

    /// Is this `nil`?
    #[inline]
    pub fn is_nil(self) -> bool {
        self == Value::NIL
    }

    /// Is this `void`?
    #[inline]
    pub fn is_void(self) -> bool {
        self == Value::VOID
    }

    /// Is this a small int?
    #[inline]
    pub const fn is_small_int(self) -> bool {
        self.0 >= SMALL_INT_TAG
    }

    /// The number of a small int; meaningless for other values.
    #[inline]
    pub const fn small_int_payload(self) -> i64 {
        ((self.0 << 16) as i64) >> 16
    }

    /// The number of a small int.
    #[inline]
    pub fn as_small_int(self) -> Option<i64> {
        self.is_small_int().then(|| self.small_int_payload())
    }

    /// The number of an Int, small or boxed.
    #[inline]
    pub fn as_int(self) -> Option<i64> {
        if self.is_small_int() {
            return Some(self.small_int_payload());
        }
        self.get::<i64>().map(|boxed| *boxed)
    }

    /// Is this a Float?
    #[inline]
    pub const fn is_float(self) -> bool {
        self.0 < SPECIAL_TAG
    }

    /// The number of a Float.
    #[inline]
    pub fn as_float(self) -> Option<f64> {
        self.is_float().then(|| f64::from_bits(self.0))
    }

    /// An Int or Float as a double; an Int is rounded to the nearest one.
    #[inline]
    pub fn as_number(self) -> Option<f64> {
        if self.is_float() {
            Some(f64::from_bits(self.0))
        } else {
            self.as_int().map(|i| i as f64)
        }
    }

    /// Is this an Int, small or boxed?
    pub fn is_int(self) -> bool {
        self.is_small_int() || self.heap_kind() == Some(Kind::Int)
    }

    /// The boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Value::TRUE => Some(true),
            Value::FALSE => Some(false),
            _ => None,
        }
    }

    /// The character.
    pub fn as_char(self) -> Option<char> {
        if self.0 >> TAG_SHIFT == SPECIAL_TAG >> TAG_SHIFT && self.0 & CHAR_FLAG != 0 {
            char::from_u32(self.0 as u32)
        } else {
            None
        }
    }

    /// The symbol.
    #[inline]
    pub fn as_symbol(self) -> Option<Symbol> {
        if self.0 >> TAG_SHIFT == SYMBOL_TAG >> TAG_SHIFT {
            Some(Symbol::from_index(self.0 as u32))
        } else {
            None
        }
    }

    /// Is this exactly the symbol `s`?
    #[inline]
    pub fn is_symbol(self, s: Symbol) -> bool {
        self == Value::symbol(s)
    }

    /// Does the word refer to a heap object?
    #[inline]
    pub const fn is_object(self) -> bool {
        self.0 >> TAG_SHIFT == POINTER_TAG >> TAG_SHIFT
    }

    /// The kind of the heap object that this refers to.
    #[inline]
    pub fn heap_kind(self) -> Option<Kind> {
        if self.is_object() {
            Some(crate::heap::header_at(self.0 & PAYLOAD_MASK).kind)
        } else {
            None
        }
    }

    /// The header of the heap object, if this refers to one.
    pub fn header(&self) -> Option<&crate::heap::Header> {
        self.is_object()
            .then(|| crate::heap::header_at(self.0 & PAYLOAD_MASK))
    }

    /// The heap object that this refers to, if it is a `T`.
    #[inline]
    pub fn get<T: HeapData>(self) -> Option<Gc<T>> {
        if self.heap_kind() == Some(T::KIND) {
            Some(Gc::from_address(self.0 & PAYLOAD_MASK))
        } else {
            None
        }
    }

    /// A reference to a heap object.
    #[inline]
    pub fn object<T: HeapData>(object: Gc<T>) -> Value {
        Value(POINTER_TAG | object.address())
    }

    /// The text of a String.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        self.get::<crate::object::Str>().map(Gc::as_str)
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::print::written(*self))
    }
}
