//! What the operations in meanings do.
//!
//! This file is used twice: the rule compiler evaluates constant operands with it, and it becomes
//! part of the generated code, where it executes instructions. So there is one definition of each
//! operation. Values of up to 64 bits are in the low bits of a `u64`, the others zero.

pub fn low(width: u32, a: u64) -> u64 {
    if width >= 64 {
        a
    } else {
        a & ((1 << width) - 1)
    }
}

pub fn sext(from: u32, to: u32, a: u64) -> u64 {
    low(to, signed(from, a) as u64)
}

pub fn signed(width: u32, a: u64) -> i64 {
    let unused = 64 - width;
    ((a << unused) as i64) >> unused
}

pub fn extract(high: u32, lowest: u32, a: u64) -> u64 {
    low(high - lowest + 1, a >> lowest)
}

pub fn concat(width: u32, a: u64, b: u64) -> u64 {
    if width >= 64 { b } else { (a << width) | b }
}

pub fn add(width: u32, a: u64, b: u64) -> u64 {
    low(width, a.wrapping_add(b))
}

pub fn sub(width: u32, a: u64, b: u64) -> u64 {
    low(width, a.wrapping_sub(b))
}

pub fn mul(width: u32, a: u64, b: u64) -> u64 {
    low(width, a.wrapping_mul(b))
}

pub fn smulh(width: u32, a: u64, b: u64) -> u64 {
    let product = i128::from(signed(width, a)) * i128::from(signed(width, b));
    low(width, (product >> width) as u64)
}

pub fn umulh(width: u32, a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> width) as u64
}

/// Division by zero gives zero.
pub fn udiv(_width: u32, a: u64, b: u64) -> u64 {
    a.checked_div(b).unwrap_or(0)
}

/// Division by zero gives zero; the quotient that does not fit wraps.
pub fn sdiv(width: u32, a: u64, b: u64) -> u64 {
    if b == 0 {
        0
    } else {
        low(
            width,
            signed(width, a).wrapping_div(signed(width, b)) as u64,
        )
    }
}

pub fn and(_width: u32, a: u64, b: u64) -> u64 {
    a & b
}

pub fn or(_width: u32, a: u64, b: u64) -> u64 {
    a | b
}

pub fn xor(_width: u32, a: u64, b: u64) -> u64 {
    a ^ b
}

pub fn not(width: u32, a: u64) -> u64 {
    low(width, !a)
}

pub fn neg(width: u32, a: u64) -> u64 {
    low(width, a.wrapping_neg())
}

pub fn clz(width: u32, a: u64) -> u64 {
    u64::from(a.leading_zeros() - (64 - width))
}

pub fn rbit(width: u32, a: u64) -> u64 {
    a.reverse_bits() >> (64 - width)
}

/// Reverses the order of bytes.
pub fn rev(width: u32, a: u64) -> u64 {
    a.swap_bytes() >> (64 - width)
}

/// Shift amounts count modulo the width.
pub fn shl(width: u32, a: u64, n: u64) -> u64 {
    low(width, a << (n % u64::from(width)))
}

pub fn lshr(width: u32, a: u64, n: u64) -> u64 {
    a >> (n % u64::from(width))
}

pub fn ashr(width: u32, a: u64, n: u64) -> u64 {
    low(width, (signed(width, a) >> (n % u64::from(width))) as u64)
}

pub fn ror(width: u32, a: u64, n: u64) -> u64 {
    let n = (n % u64::from(width)) as u32;
    if n == 0 {
        a
    } else {
        low(width, (a >> n) | (a << (width - n)))
    }
}

pub fn eq(_width: u32, a: u64, b: u64) -> u64 {
    u64::from(a == b)
}

pub fn ne(_width: u32, a: u64, b: u64) -> u64 {
    u64::from(a != b)
}

pub fn ult(_width: u32, a: u64, b: u64) -> u64 {
    u64::from(a < b)
}

pub fn ule(_width: u32, a: u64, b: u64) -> u64 {
    u64::from(a <= b)
}

pub fn slt(width: u32, a: u64, b: u64) -> u64 {
    u64::from(signed(width, a) < signed(width, b))
}

pub fn sle(width: u32, a: u64, b: u64) -> u64 {
    u64::from(signed(width, a) <= signed(width, b))
}

/// The flags negative, zero, carry and overflow, in this order, of `a + b + carry`.
pub fn add_nzcv(width: u32, a: u64, b: u64, carry: u64) -> u64 {
    let wide = u128::from(a) + u128::from(b) + u128::from(carry);
    let sum = low(width, wide as u64);
    let exact = i128::from(signed(width, a)) + i128::from(signed(width, b)) + i128::from(carry);
    let negative = sum >> (width - 1);
    let zero = u64::from(sum == 0);
    let carry = u64::from(wide >> width != 0);
    let overflow = u64::from(exact != i128::from(signed(width, sum)));
    (negative << 3) | (zero << 2) | (carry << 1) | overflow
}

/// The field N:immr:imms of a bitmask immediate; zero, which stands for something else, where
/// the value is none.
pub fn bitmask_encode(width: u32, value: u64) -> u64 {
    let mut pattern = value;
    if width == 32 {
        pattern |= value << 32;
    }
    if pattern == 0 || pattern == u64::MAX || low(width, value) != value {
        return 0;
    }
    let mut size = 64;
    while size > 2 {
        let half = size / 2;
        if low(half, pattern) != low(half, pattern >> half) {
            break;
        }
        size = half;
    }
    let element = low(size, pattern);
    let ones = element.count_ones();
    let run = low(ones, u64::MAX);
    for rotation in 0..size {
        if ror(size, run, u64::from(rotation)) == element {
            let n = u64::from(size == 64);
            let imms = low(6, !u64::from(size * 2 - 1)) | u64::from(ones - 1);
            return (n << 12) | (u64::from(rotation) << 6) | imms;
        }
    }
    0
}

/// The value of the field N:immr:imms of a bitmask immediate; zero, which none stands for, where
/// the field is reserved.
pub fn bitmask_decode(width: u32, field: u64) -> u64 {
    let (n, immr, imms) = (field >> 12, extract(11, 6, field), low(6, field));
    let selector = (n << 6) | low(6, !imms);
    if selector < 2 {
        return 0;
    }
    let size = 1 << selector.ilog2();
    let ones = imms & (size - 1);
    if size > u64::from(width) || ones == size - 1 || immr >= size {
        return 0;
    }
    let size = size as u32;
    let element = ror(size, low(ones as u32 + 1, u64::MAX), immr);
    let mut value = 0;
    for copy in 0..width / size {
        value |= element << (copy * size);
    }
    value
}

fn is_nan(width: u32, a: u64) -> bool {
    if width == 32 {
        f32::from_bits(a as u32).is_nan()
    } else {
        f64::from_bits(a).is_nan()
    }
}

fn quiet_bit(width: u32) -> u64 {
    if width == 32 { 1 << 22 } else { 1 << 51 }
}

fn is_signaling(width: u32, a: u64) -> bool {
    is_nan(width, a) && a & quiet_bit(width) == 0
}

/// What an operation gives whose operands are not all numbers, if so: the first signaling NaN
/// made quiet, or else the first quiet one.
fn nan_of(width: u32, operands: &[u64]) -> Option<u64> {
    let signaling = operands.iter().find(|&&a| is_signaling(width, a));
    let nan = signaling.or_else(|| operands.iter().find(|&&a| is_nan(width, a)))?;
    Some(nan | quiet_bit(width))
}

/// The bits of a result; an operation that makes a NaN of numbers makes the default NaN, which
/// hosts do not agree on.
fn bits_of(width: u32, result: f64) -> u64 {
    match (width, result.is_nan()) {
        (32, true) => 0x7fc0_0000,
        (32, false) => u64::from((result as f32).to_bits()),
        (_, true) => 0x7ff8_0000_0000_0000,
        (_, false) => result.to_bits(),
    }
}

fn float(width: u32, a: u64) -> f64 {
    if width == 32 {
        f64::from(f32::from_bits(a as u32))
    } else {
        f64::from_bits(a)
    }
}

// In 32 bits the operations below are done in 64 and rounded once more, which for these four and
// the square root gives the correctly rounded result.

pub fn fadd(width: u32, a: u64, b: u64) -> u64 {
    nan_of(width, &[a, b]).unwrap_or_else(|| bits_of(width, float(width, a) + float(width, b)))
}

pub fn fsub(width: u32, a: u64, b: u64) -> u64 {
    nan_of(width, &[a, b]).unwrap_or_else(|| bits_of(width, float(width, a) - float(width, b)))
}

pub fn fmul(width: u32, a: u64, b: u64) -> u64 {
    nan_of(width, &[a, b]).unwrap_or_else(|| bits_of(width, float(width, a) * float(width, b)))
}

pub fn fdiv(width: u32, a: u64, b: u64) -> u64 {
    nan_of(width, &[a, b]).unwrap_or_else(|| bits_of(width, float(width, a) / float(width, b)))
}

pub fn fsqrt(width: u32, a: u64) -> u64 {
    nan_of(width, &[a]).unwrap_or_else(|| bits_of(width, float(width, a).sqrt()))
}

pub fn fneg(width: u32, a: u64) -> u64 {
    a ^ (1 << (width - 1))
}

pub fn fabs(width: u32, a: u64) -> u64 {
    a & !(1 << (width - 1))
}

fn rounded(width: u32, a: u64, round: fn(f64) -> f64) -> u64 {
    nan_of(width, &[a]).unwrap_or_else(|| bits_of(width, round(float(width, a))))
}

/// To the nearest integer, ties to even.
pub fn fround_even(width: u32, a: u64) -> u64 {
    rounded(width, a, f64::round_ties_even)
}

/// To the nearest integer, ties away from zero.
pub fn fround_away(width: u32, a: u64) -> u64 {
    rounded(width, a, f64::round)
}

pub fn fround_zero(width: u32, a: u64) -> u64 {
    rounded(width, a, f64::trunc)
}

pub fn fround_down(width: u32, a: u64) -> u64 {
    rounded(width, a, f64::floor)
}

pub fn fround_up(width: u32, a: u64) -> u64 {
    rounded(width, a, f64::ceil)
}

/// The flags of a floating-point comparison.
pub fn fcmp_nzcv(width: u32, a: u64, b: u64) -> u64 {
    match float(width, a).partial_cmp(&float(width, b)) {
        None => 0b0011,
        Some(core::cmp::Ordering::Equal) => 0b0110,
        Some(core::cmp::Ordering::Less) => 0b1000,
        Some(core::cmp::Ordering::Greater) => 0b0010,
    }
}

/// To a signed integer, towards zero; what does not fit becomes the nearest, NaN becomes zero.
pub fn fcvtzs(from: u32, to: u32, a: u64) -> u64 {
    let value = float(from, a);
    if to == 32 {
        u64::from(value as i32 as u32)
    } else {
        value as i64 as u64
    }
}

/// From a signed integer, to the nearest.
pub fn scvtf(from: u32, to: u32, a: u64) -> u64 {
    let value = signed(from, a);
    if to == 32 {
        u64::from((value as f32).to_bits())
    } else {
        (value as f64).to_bits()
    }
}

/// From an unsigned integer, to the nearest.
pub fn ucvtf(_from: u32, to: u32, a: u64) -> u64 {
    if to == 32 {
        u64::from((a as f32).to_bits())
    } else {
        (a as f64).to_bits()
    }
}

/// From one floating-point format to the other.
pub fn fcvt(from: u32, to: u32, a: u64) -> u64 {
    if !is_nan(from, a) {
        return bits_of(to, float(from, a));
    }
    if to == 32 {
        ((a >> 63) << 31) | 0x7fc0_0000 | extract(50, 29, a)
    } else {
        ((a >> 31) << 63) | 0x7ff8_0000_0000_0000 | (low(22, a) << 29)
    }
}
