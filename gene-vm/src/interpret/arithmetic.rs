//! Arithmetic, comparison and logic for operands of all kinds (3.3 to 3.5, 2.5).

use crate::heap::Kind;
use crate::object::Instance;
use crate::print::kind_name;
use crate::symbol::sym;
use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Result, Vm};
use std::cmp::Ordering;

/// An ordering operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comparison {
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Lt => ordering.is_lt(),
            Comparison::Le => ordering.is_le(),
            Comparison::Gt => ordering.is_gt(),
            Comparison::Ge => ordering.is_ge(),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
        }
    }
}

/// How an operation names its operands in messages.
struct Wording {
    /// `{}` is the kind of a left operand that is no number.
    left: &'static str,
    verb: &'static str,
    between: &'static str,
    /// Is the right operand named first?
    reversed: bool,
}

const ADD: Wording = Wording {
    left: "Cannot add values of type: ",
    verb: "add",
    between: "and",
    reversed: false,
};
const SUBTRACT: Wording = Wording {
    left: "Cannot subtract from values of type: ",
    verb: "subtract",
    between: "from",
    reversed: true,
};
const MULTIPLY: Wording = Wording {
    left: "Cannot multiply values of type: ",
    verb: "multiply",
    between: "by",
    reversed: false,
};
const DIVIDE: Wording = Wording {
    left: "Cannot divide values of type: ",
    verb: "divide",
    between: "by",
    reversed: false,
};
const MODULO: Wording = Wording {
    left: "Cannot modulo values of type: ",
    verb: "modulo",
    between: "by",
    reversed: false,
};

impl Vm {
    /// `x + y`
    pub fn add(&mut self, x: Value, y: Value) -> Result {
        self.int_or_float(x, y, &ADD, "addition", i64::checked_add, |x, y| x + y)
    }

    /// `x - y`
    pub fn subtract(&mut self, x: Value, y: Value) -> Result {
        self.int_or_float(x, y, &SUBTRACT, "subtraction", i64::checked_sub, |x, y| {
            x - y
        })
    }

    /// `x * y`
    pub fn multiply(&mut self, x: Value, y: Value) -> Result {
        self.int_or_float(
            x,
            y,
            &MULTIPLY,
            "multiplication",
            i64::checked_mul,
            |x, y| x * y,
        )
    }

    /// `x / y`, always a Float.
    pub fn divide(&mut self, x: Value, y: Value) -> Result {
        match (x.as_number(), y.as_number()) {
            (Some(x), Some(y)) => Ok(Value::float(x / y)),
            _ => Err(self.wrong_operands(x, y, &DIVIDE)),
        }
    }

    /// `x % y`, with the sign of x.
    pub fn modulo(&mut self, x: Value, y: Value) -> Result {
        if let (Some(x), Some(y)) = (x.as_int(), y.as_int()) {
            if y == 0 {
                return Err(self.raise(ErrorClass::Runtime, "Modulo by zero"));
            }
            return Ok(self.heap.int(x.wrapping_rem(y)));
        }
        match (x.as_number(), y.as_number()) {
            (Some(x), Some(y)) => Ok(Value::float(x % y)),
            _ => Err(self.wrong_operands(x, y, &MODULO)),
        }
    }

    /// `-x`
    pub fn negate(&mut self, x: Value) -> Result {
        if let Some(x) = x.as_int() {
            return match x.checked_neg() {
                Some(negated) => Ok(self.heap.int(negated)),
                None => Err(self.raise(ErrorClass::Runtime, "Integer overflow in negation")),
            };
        }
        match x.as_float() {
            Some(x) => Ok(Value::float(-x)),
            None => {
                let message = format!("Cannot negate value of type: {}", kind_name(x));
                Err(self.raise(ErrorClass::Exception, message))
            }
        }
    }

    fn int_or_float(
        &mut self,
        x: Value,
        y: Value,
        wording: &Wording,
        noun: &str,
        on_ints: fn(i64, i64) -> Option<i64>,
        on_floats: fn(f64, f64) -> f64,
    ) -> Result {
        if let (Some(x), Some(y)) = (x.as_int(), y.as_int()) {
            return match on_ints(x, y) {
                Some(result) => Ok(self.heap.int(result)),
                None => {
                    let message = format!("Integer overflow in {noun}");
                    Err(self.raise(ErrorClass::Runtime, message))
                }
            };
        }
        match (x.as_number(), y.as_number()) {
            (Some(x), Some(y)) => Ok(Value::float(on_floats(x, y))),
            _ => Err(self.wrong_operands(x, y, wording)),
        }
    }

    #[cold]
    fn wrong_operands(&mut self, x: Value, y: Value, wording: &Wording) -> Raise {
        let message = if x.as_number().is_none() {
            format!("{}{}", wording.left, kind_name(x))
        } else {
            let (first, second) = if wording.reversed { (y, x) } else { (x, y) };
            let Wording { verb, between, .. } = wording;
            format!(
                "Cannot {verb} {} {between} {}",
                kind_name(first),
                kind_name(second)
            )
        };
        self.raise(ErrorClass::Exception, message)
    }

    /// `x << y`; bits that leave the word are lost.
    pub fn shift_left(&mut self, x: Value, y: Value) -> Result {
        self.shift(x, y, |x, by| x << by)
    }

    /// `x >> y`, keeping the sign.
    pub fn shift_right(&mut self, x: Value, y: Value) -> Result {
        self.shift(x, y, |x, by| x >> by)
    }

    fn shift(&mut self, x: Value, y: Value, shifted: fn(i64, u32) -> i64) -> Result {
        match (x.as_int(), y.as_int()) {
            (Some(x), Some(by @ 0..=63)) => Ok(self.heap.int(shifted(x, by as u32))),
            (Some(_), Some(_)) => Err(self.raise(ErrorClass::Exception, "Invalid shift amount")),
            _ => {
                let message = format!("Cannot shift {} by {}", kind_name(x), kind_name(y));
                Err(self.raise(ErrorClass::Exception, message))
            }
        }
    }

    /// `x && y`: bits of Ints, else by truth.
    pub fn and(&mut self, x: Value, y: Value) -> Value {
        match (x.as_int(), y.as_int()) {
            (Some(x), Some(y)) => self.heap.int(x & y),
            _ if x.is_truthy() => y,
            _ => x,
        }
    }

    /// `x || y`: bits of Ints, else by truth.
    pub fn or(&mut self, x: Value, y: Value) -> Value {
        match (x.as_int(), y.as_int()) {
            (Some(x), Some(y)) => self.heap.int(x | y),
            _ if x.is_truthy() => x,
            _ => y,
        }
    }

    /// `x &|& y`: bits of Ints, else a Bool.
    pub fn exclusive_or(&mut self, x: Value, y: Value) -> Value {
        match (x.as_int(), y.as_int()) {
            (Some(x), Some(y)) => self.heap.int(x ^ y),
            _ => Value::bool(x.is_truthy() != y.is_truthy()),
        }
    }

    /// `! x`: complement of an Int, else a Bool.
    pub fn not(&mut self, x: Value) -> Value {
        match x.as_int() {
            Some(x) => self.heap.int(!x),
            None => Value::bool(!x.is_truthy()),
        }
    }

    /// `x < y` and the like: numbers, dates, times.
    pub(crate) fn compare(&mut self, operator: Comparison, x: Value, y: Value) -> Result<bool> {
        let ordering = if let (Some(x), Some(y)) = (x.as_int(), y.as_int()) {
            Some(x.cmp(&y))
        } else if let (Some(x), Some(y)) = (x.as_number(), y.as_number()) {
            // Nothing is ordered with NaN.
            match x.partial_cmp(&y) {
                Some(ordering) => Some(ordering),
                None => return Ok(false),
            }
        } else {
            self.compare_times(x, y)?
        };
        match ordering {
            Some(ordering) => Ok(operator.holds(ordering)),
            None => {
                let message = format!(
                    "Cannot compare {} {} {}",
                    kind_name(x),
                    operator.text(),
                    kind_name(y)
                );
                Err(self.raise(ErrorClass::Type, message))
            }
        }
    }

    /// `x == y`; calls the `==` method of an instance on the left, if it has one.
    pub fn equals(&mut self, x: Value, y: Value) -> Result<bool> {
        if x.heap_kind() == Some(Kind::Instance) {
            if self.context.has_equality_methods == 0 {
                return Ok(x == y);
            }
            let instance = x.get::<Instance>().expect("the kind was tested");
            return match instance.class().find_method(sym::EQ) {
                Some(method) => Ok(self.call(method, &[x, y])?.is_truthy()),
                None => Ok(x == y),
            };
        }
        Ok(crate::equality::equal(x, y))
    }
}
