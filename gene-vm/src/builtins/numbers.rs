//! Methods of Int and Float, and the functions of `math` (14.4).

use crate::object::{Args, NativeFn};
use crate::print::kind_name;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

const METHODS: super::Natives = &[("to_i", to_i), ("to_f", to_f)];

/// Available as bare names and in `math`.
const FUNCTIONS: super::Natives = &[
    ("abs", abs),
    ("sqrt", sqrt),
    ("pow", pow),
    ("min", min),
    ("max", max),
    ("floor", floor),
    ("ceil", ceil),
    ("round", round),
    ("random", random),
    ("random_int", random_int),
];

/// Only in `math`.
const MATH_FUNCTIONS: super::Natives = &[
    ("sin", sin),
    ("cos", cos),
    ("tan", tan),
    ("log", log),
    ("log10", log10),
];

/// A function of numbers that a machine instruction or two can carry out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are those of the functions")]
pub enum Numeric {
    Sqrt,
    Abs,
    Min,
    Max,
    Floor,
    Ceil,
    Round,
}

impl Numeric {
    /// Which of them a native function is.
    pub fn of(native: &NativeFn) -> Option<Numeric> {
        let is_it = |(name, run): &(&str, _)| {
            native.name.name() == *name && std::ptr::fn_addr_eq(native.run, *run)
        };
        let (name, _) = FUNCTIONS.iter().copied().find(is_it)?;
        Some(match name {
            "sqrt" => Numeric::Sqrt,
            "abs" => Numeric::Abs,
            "min" => Numeric::Min,
            "max" => Numeric::Max,
            "floor" => Numeric::Floor,
            "ceil" => Numeric::Ceil,
            "round" => Numeric::Round,
            _ => return None,
        })
    }
}

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.int, METHODS);
    vm.define_methods(vm.builtins.classes.float, METHODS);
    vm.define_functions(vm.builtins.global, FUNCTIONS);
    let mut math = vm.define_namespace(vm.builtins.global, "math");
    vm.define_functions(math, FUNCTIONS);
    vm.define_functions(math, MATH_FUNCTIONS);
    for (name, constant) in [("PI", std::f64::consts::PI), ("E", std::f64::consts::E)] {
        math.members
            .insert(Symbol::intern(name), Value::float(constant));
    }
}

/// The Int that remains of a float when its fraction is dropped; `None` for NaN and out of range.
pub(super) fn truncate(float: f64) -> Option<i64> {
    // 2⁶³ is the first float above the range; −2⁶³ belongs to it.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    (-BOUND..BOUND).contains(&float).then_some(float as i64)
}

fn to_i(vm: &mut Vm, args: Args) -> Result {
    let Some(float) = args[0].as_float() else {
        return Ok(args[0]);
    };
    match truncate(float) {
        Some(int) => Ok(vm.heap.int(int)),
        None => Err(vm.raise(ErrorClass::Runtime, "Integer overflow in to_i")),
    }
}

fn to_f(_: &mut Vm, args: Args) -> Result {
    Ok(args[0].as_number().map_or(args[0], Value::float))
}

/// The only argument of a function, an Int or Float.
fn numeric(vm: &mut Vm, args: Args, name: &str) -> Result {
    match args.get(0) {
        Some(value) if value.as_number().is_some() => Ok(value),
        Some(_) => Err(vm.bad_argument(format!("{name} requires a numeric argument"))),
        None => Err(vm.bad_argument(format!("{name} requires 1 argument"))),
    }
}

/// Applies a function of floats.
fn apply(vm: &mut Vm, args: Args, name: &str, function: fn(f64) -> f64) -> Result {
    let number = numeric(vm, args, name)?;
    let number = number.as_number().expect("the kind was tested");
    Ok(Value::float(function(number)))
}

/// Rounds Floats; leaves Ints alone.
fn apply_to_float(vm: &mut Vm, args: Args, name: &str, function: fn(f64) -> f64) -> Result {
    let number = numeric(vm, args, name)?;
    Ok(number
        .as_float()
        .map_or(number, |float| Value::float(function(float))))
}

fn abs(vm: &mut Vm, args: Args) -> Result {
    let number = numeric(vm, args, "abs")?;
    let Some(int) = number.as_int() else {
        return apply(vm, args, "abs", f64::abs);
    };
    match int.checked_abs() {
        Some(int) => Ok(vm.heap.int(int)),
        None => Err(vm.raise(ErrorClass::Runtime, "Integer overflow in abs")),
    }
}

fn sqrt(vm: &mut Vm, args: Args) -> Result {
    apply(vm, args, "sqrt", f64::sqrt)
}

fn floor(vm: &mut Vm, args: Args) -> Result {
    apply_to_float(vm, args, "floor", f64::floor)
}

fn ceil(vm: &mut Vm, args: Args) -> Result {
    apply_to_float(vm, args, "ceil", f64::ceil)
}

fn round(vm: &mut Vm, args: Args) -> Result {
    apply_to_float(vm, args, "round", f64::round)
}

fn sin(vm: &mut Vm, args: Args) -> Result {
    apply(vm, args, "sin", f64::sin)
}

fn cos(vm: &mut Vm, args: Args) -> Result {
    apply(vm, args, "cos", f64::cos)
}

fn tan(vm: &mut Vm, args: Args) -> Result {
    apply(vm, args, "tan", f64::tan)
}

fn log(vm: &mut Vm, args: Args) -> Result {
    apply(vm, args, "log", f64::ln)
}

fn log10(vm: &mut Vm, args: Args) -> Result {
    apply(vm, args, "log10", f64::log10)
}

fn pow(vm: &mut Vm, args: Args) -> Result {
    let message = "pow requires 2 arguments (base, exponent)";
    let exponent = vm.required(args, 1, message)?;
    let Some(base) = args[0].as_number() else {
        return Err(vm.fail("pow base must be numeric"));
    };
    let Some(exponent) = exponent.as_number() else {
        return Err(vm.fail("pow exponent must be numeric"));
    };
    Ok(Value::float(base.powf(exponent)))
}

fn min(vm: &mut Vm, args: Args) -> Result {
    extreme(vm, args, "min", |candidate, best| candidate < best)
}

fn max(vm: &mut Vm, args: Args) -> Result {
    extreme(vm, args, "max", |candidate, best| candidate > best)
}

/// The first of the best numbers; values that are no numbers are passed over.
fn extreme(vm: &mut Vm, args: Args, name: &str, better: fn(Number, Number) -> bool) -> Result {
    if args.len() < 2 {
        return Err(vm.bad_argument(format!("{name} requires at least 2 arguments")));
    }
    let numbers = args
        .as_slice()
        .iter()
        .filter_map(|&value| Some((value, Number::of(value)?)));
    let best = numbers.reduce(|best, candidate| {
        if better(candidate.1, best.1) {
            candidate
        } else {
            best
        }
    });
    match best {
        Some((value, _)) => Ok(value),
        None => {
            let kind = kind_name(args[0]);
            Err(vm.bad_argument(format!("{name} requires a numeric argument, got {kind}")))
        }
    }
}

/// A number for comparisons: two Ints compare exactly, else both are rounded to doubles.
#[derive(Clone, Copy, PartialEq)]
enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    fn of(value: Value) -> Option<Number> {
        match value.as_int() {
            Some(int) => Some(Number::Int(int)),
            None => value.as_float().map(Number::Float),
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Int(int) => int as f64,
            Number::Float(float) => float,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
            _ => self.float().partial_cmp(&other.float()),
        }
    }
}

fn random(_: &mut Vm, _: Args) -> Result {
    Ok(Value::float(fastrand::f64()))
}

fn random_int(vm: &mut Vm, args: Args) -> Result {
    let max = vm.required(args, 0, "random_int requires at least 1 argument (max)")?;
    let Some(max) = max.as_int() else {
        return Err(vm.fail("random_int max must be an integer"));
    };
    let min = match args.get(1) {
        None if max <= 0 => return Err(vm.fail("random_int max must be greater than 0")),
        None => 0,
        Some(min) => match min.as_int() {
            None => return Err(vm.fail("random_int min must be an integer")),
            Some(min) if max <= min => {
                return Err(vm.fail("random_int max must be greater than min"));
            }
            Some(min) => min,
        },
    };
    Ok(vm.heap.int(fastrand::i64(min..=max)))
}
