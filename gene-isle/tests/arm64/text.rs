//! Assembly text of different tools, made comparable.

/// A line of assembly: the mnemonic and the operands, without differences of taste.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    mnemonic: String,
    operands: Vec<String>,
}

impl Line {
    /// Reads what a tool has printed: numbers may be decimal or hexadecimal, signed or not, an
    /// offset or a shift of zero may be left out, conditions have two names, and a comment may
    /// follow.
    pub fn new(text: &str) -> Line {
        let text = text.split("//").next().unwrap_or_default().trim();
        let (mnemonic, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        let mut operands: Vec<String> = rest
            .split(',')
            .map(|operand| plain_operand(operand.trim()))
            .filter(|operand| !operand.is_empty())
            .collect();
        if operands.last().is_some_and(|last| last == "lsl 0") {
            operands.pop();
        }
        if operands.last().is_some_and(|last| last == "0]") {
            operands.pop();
            if let Some(base) = operands.last_mut() {
                base.push(']');
            }
        }
        // An immediate of twelve bits may come with its shift.
        if let [.., value, shift] = operands.as_slice()
            && shift == "lsl 12"
            && let Ok(value) = value.parse::<u64>()
        {
            operands.truncate(operands.len() - 2);
            operands.push((value << 12).to_string());
        }
        let mnemonic = match mnemonic {
            "b.cs" => "b.hs",
            "b.cc" => "b.lo",
            other => other,
        };
        Line {
            mnemonic: mnemonic.to_string(),
            operands,
        }
    }

    fn of(mnemonic: &str, operands: &[&str]) -> Line {
        Line {
            mnemonic: mnemonic.to_string(),
            operands: operands.iter().map(|operand| operand.to_string()).collect(),
        }
    }

    /// The spelling of the instruction that the Arm manual prefers, if it has another.
    fn alias(&self) -> Option<Line> {
        let operands: Vec<&str> = self.operands.iter().map(String::as_str).collect();
        let is_zero = |register: &str| matches!(register, "xzr" | "wzr");
        let alias = |mnemonic: &str, operands: &[&str]| Some(Line::of(mnemonic, operands));
        let moved = |to: &str, value: u64| {
            let value = if to.starts_with('w') {
                u64::from(value as u32)
            } else {
                value
            };
            alias("mov", &[to, &(value as i64).to_string()])
        };
        match (self.mnemonic.as_str(), operands.as_slice()) {
            ("add", &[to, from, "0"]) if to == "sp" || from == "sp" => alias("mov", &[to, from]),
            ("add", &[to, from, "0"]) if to == "wsp" || from == "wsp" => alias("mov", &[to, from]),
            ("bfi", &[to, from, "0", width]) => alias("bfxil", &[to, from, "0", width]),
            ("bfi", &[to, from, lsb, width]) if is_zero(from) => alias("bfc", &[to, lsb, width]),
            ("csinc", &[to, a, b, cond]) if a == b => alias("cinc", &[to, a, opposite(cond)]),
            ("csinv", &[to, a, b, cond]) if a == b => alias("cinv", &[to, a, opposite(cond)]),
            ("csneg", &[to, a, b, cond]) if a == b => alias("cneg", &[to, a, opposite(cond)]),
            ("extr", &[to, a, b, lsb]) if a == b => alias("ror", &[to, a, lsb]),
            ("movz", &[to, value]) => moved(to, half(value, "lsl 0")),
            ("movz", &[to, value, shift]) => moved(to, half(value, shift)),
            ("movn", &[to, value]) => moved(to, !half(value, "lsl 0")),
            ("movn", &[to, value, shift]) => moved(to, !half(value, shift)),
            ("msub", &[to, a, b, zero]) if is_zero(zero) => alias("mneg", &[to, a, b]),
            ("negs", &[zero, ref from @ ..]) if is_zero(zero) => {
                alias("cmp", &[&[zero], from].concat())
            }
            ("orr", &[to, zero, from]) if is_zero(zero) => alias("mov", &[to, from]),
            ("orn", &[to, zero, ref from @ ..]) if is_zero(zero) => {
                alias("mvn", &[&[to], from].concat())
            }
            ("sub", &[to, zero, ref from @ ..]) if is_zero(zero) => {
                alias("neg", &[&[to], from].concat())
            }
            ("subs", &[to, zero, ref from @ ..]) if is_zero(zero) => {
                alias("negs", &[&[to], from].concat())
            }
            // A test of a low bit looks at the low half of the register.
            ("tbz" | "tbnz", &[register, bit, to]) if bit.parse().is_ok_and(|bit: u8| bit < 32) => {
                alias(&self.mnemonic, &[&register.replace('x', "w"), bit, to])
            }
            _ => None,
        }
    }

    /// Whether another tool's line is the same instruction with the same operands.
    pub fn agrees(&self, theirs: &Line) -> bool {
        self == theirs || self.alias().as_ref() == Some(theirs)
    }
}

/// The value that `movz` moves.
fn half(value: &str, shift: &str) -> u64 {
    let amount: u32 = shift.trim_start_matches("lsl ").parse().unwrap();
    value.parse::<u64>().unwrap() << amount
}

fn opposite(cond: &str) -> &str {
    const PAIRS: [(&str, &str); 7] = [
        ("eq", "ne"),
        ("hs", "lo"),
        ("mi", "pl"),
        ("vs", "vc"),
        ("hi", "ls"),
        ("ge", "lt"),
        ("gt", "le"),
    ];
    let found = PAIRS.iter().find_map(|&(a, b)| match cond {
        _ if cond == a => Some(b),
        _ if cond == b => Some(a),
        _ => None,
    });
    // `al` has none, and no alias.
    found.unwrap_or("none")
}

/// An operand with its numbers in decimal, without signs that say that it is one.
fn plain_operand(operand: &str) -> String {
    let operand = match operand {
        "cs" => "hs",
        "cc" => "lo",
        "lsr" => "lsr 0",
        "asr" => "asr 0",
        "ror" => "ror 0",
        other => other,
    };
    let mut out = String::new();
    for (index, word) in operand.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        let inner = word.trim_end_matches(['!', ']']);
        let end = &word[inner.len()..];
        let number = inner
            .strip_prefix('#')
            .or_else(|| inner.strip_prefix(['$', '.']))
            .unwrap_or(inner);
        match plain_number(number) {
            Some(number) => out.push_str(&number),
            None => out.push_str(inner),
        }
        out.push_str(end);
    }
    out
}

fn plain_number(text: &str) -> Option<String> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => match digits.parse::<u64>() {
            Ok(value) => value,
            Err(_) => {
                let value: f64 = digits.parse().ok().filter(|_| digits.contains('.'))?;
                return Some(format!("{}{value:?}", if negative { "-" } else { "" }));
            }
        },
    };
    let value = if negative {
        (value as i64).wrapping_neg()
    } else {
        value as i64
    };
    Some(value.to_string())
}
