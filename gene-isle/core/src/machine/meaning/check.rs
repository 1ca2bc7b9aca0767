//! From data to meanings: names, widths and the shapes of operations.

use std::collections::HashMap;

use super::super::{Kind, Machine, Operand, semantics as s};
use super::{CONVERSIONS, Effect, Eval, Expr, ExprKind, FORMS, OPS};
use crate::ast::{self, Datum, DatumKind};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::reader::MAX_DEPTH;
use crate::source::Span;

type Checked<T> = Result<T, Box<Diagnostic>>;

fn fail<T>(span: Span, message: impl Into<String>) -> Checked<T> {
    Err(Box::new(Diagnostic::new(Code::Meaning, span, message)))
}

/// Checks the meanings of one instruction, or the coding of an immediate.
pub struct Meanings<'a> {
    machine: &'a Machine,
    operands: &'a [Operand],
    defines: &'a HashMap<String, ast::Define>,
    /// The variables in scope and their widths.
    vars: Vec<(String, u32)>,
    depth: usize,
    /// How deep the expression at hand is.
    nesting: usize,
    /// How many definitions have been replaced.
    expanded: usize,
}

impl<'a> Meanings<'a> {
    /// For an instruction with these operands.
    pub fn new(
        machine: &'a Machine,
        operands: &'a [Operand],
        defines: &'a HashMap<String, ast::Define>,
    ) -> Meanings<'a> {
        Meanings {
            machine,
            operands,
            defines,
            vars: Vec::new(),
            depth: 0,
            nesting: 0,
            expanded: 0,
        }
    }

    /// A variable that holds from the start.
    pub fn with_var(mut self, name: &str, width: u32) -> Meanings<'a> {
        self.vars.push((name.to_string(), width));
        self
    }

    fn operand(&self, name: &str) -> Option<usize> {
        self.operands
            .iter()
            .position(|operand| operand.name == name)
    }

    /// Checks the effects of an instruction.
    pub fn effects(&mut self, data: &[Datum]) -> Checked<Vec<Effect>> {
        data.iter().map(|datum| self.effect(datum)).collect()
    }

    fn effect(&mut self, datum: &Datum) -> Checked<Effect> {
        let Some((head, args)) = call(datum) else {
            return fail(datum.span, "expected an effect such as (set rd …)");
        };
        match (head, args) {
            ("set", [place, value]) => self.set(place, value),
            ("store", [width, address, value]) => {
                let width = self.width(width)?;
                let address = self.expr(address, Some(64))?;
                Ok(Effect::Store(address, self.expr(value, Some(width))?))
            }
            ("trap", [value]) => Ok(Effect::Trap(self.expr(value, Some(64))?)),
            ("when", [condition, effects @ ..]) => {
                let condition = self.expr(condition, Some(1))?;
                Ok(Effect::When(condition, self.effects(effects)?))
            }
            ("let", [defs, effects @ ..]) => {
                let outer = self.vars.len();
                let defs = self.defs(defs)?;
                let effects = self.effects(effects);
                self.vars.truncate(outer);
                Ok(Effect::Let(defs, effects?))
            }
            _ => {
                let known = ["set", "store", "trap", "when", "let"];
                let help = did_you_mean(head, known.into_iter()).unwrap_or_else(|| {
                    "effects are (set PLACE VALUE), (store WIDTH ADDRESS VALUE), (when CONDITION EFFECT…), (let ((NAME VALUE)…) EFFECT…) and (trap VALUE)".to_string()
                });
                Err(Box::new(
                    Diagnostic::new(Code::Meaning, datum.span, "this is no effect").help(help),
                ))
            }
        }
    }

    fn set(&mut self, place: &Datum, value: &Datum) -> Checked<Effect> {
        if let DatumKind::Atom(name) = &place.kind {
            if name == "nzcv" {
                return Ok(Effect::SetNzcv(self.expr(value, Some(4))?));
            }
            if name == "pc" {
                return Ok(Effect::SetPc(self.expr(value, Some(64))?));
            }
            if let Some(index) = self.operand(name) {
                let operand = &self.operands[index];
                let Kind::View(view) = operand.kind else {
                    return fail(place.span, format!("`{name}` is not a register"));
                };
                if operand.direction == ast::Direction::In {
                    return Err(Box::new(
                        Diagnostic::new(
                            Code::Meaning,
                            place.span,
                            format!("`{name}` is not an output"),
                        )
                        .help(format!("declare the operand as ({name} … out)")),
                    ));
                }
                let width = self.machine.views[view].width;
                return Ok(Effect::Set(index, self.expr(value, Some(width))?));
            }
        }
        if let Some((view, number)) = self.register(place) {
            let width = self.machine.views[view].width;
            return Ok(Effect::SetRegister(
                view,
                number,
                self.expr(value, Some(width))?,
            ));
        }
        fail(
            place.span,
            "expected an output operand, a register such as (X 30), `nzcv` or `pc`",
        )
    }

    /// A fixed register: `(X 30)`.
    fn register(&self, datum: &Datum) -> Option<(usize, u8)> {
        let (
            head,
            [
                Datum {
                    kind: DatumKind::Int(number),
                    ..
                },
            ],
        ) = call(datum)?
        else {
            return None;
        };
        let view = self
            .machine
            .views
            .iter()
            .position(|view| view.name == head)?;
        let count = self.machine.registers[self.machine.views[view].file].count;
        let number = u8::try_from(*number).ok()?;
        (u32::from(number) < count).then_some((view, number))
    }

    fn defs(&mut self, datum: &Datum) -> Checked<Vec<(String, Expr)>> {
        let DatumKind::List(defs) = &datum.kind else {
            return fail(datum.span, "expected definitions ((name value)…)");
        };
        let mut out = Vec::new();
        for def in defs {
            let Some((name, [value])) = call(def) else {
                return fail(def.span, "expected a definition (name value)");
            };
            let value = self.expr(value, None)?;
            self.vars.push((name.to_string(), value.width));
            out.push((name.to_string(), value));
        }
        Ok(out)
    }

    fn width(&self, datum: &Datum) -> Checked<u32> {
        match datum.kind {
            DatumKind::Int(width @ 1..=64) => Ok(width as u32),
            _ => fail(datum.span, "expected a width from 1 to 64"),
        }
    }

    /// Checks an expression; `width` is what its place demands, if it does.
    pub fn expr(&mut self, datum: &Datum, width: Option<u32>) -> Checked<Expr> {
        if self.nesting > 2 * MAX_DEPTH {
            return fail(
                datum.span,
                "with its definitions replaced, this nests too deeply",
            );
        }
        self.nesting += 1;
        let expr = self.any_expr(datum, width);
        self.nesting -= 1;
        let expr = expr?;
        match width {
            Some(width) if width != expr.width => {
                let message = format!("this is {} bits wide, but {width} are needed", expr.width);
                Err(Box::new(
                    Diagnostic::new(Code::Meaning, datum.span, message)
                        .help("change the width with (low N …), (zext N …) or (sext N …)"),
                ))
            }
            _ => Ok(expr),
        }
    }

    fn any_expr(&mut self, datum: &Datum, width: Option<u32>) -> Checked<Expr> {
        match &datum.kind {
            DatumKind::Int(value) => self.int(*value, width, datum.span),
            DatumKind::Atom(name) => self.name(name, datum.span, width),
            DatumKind::Str(_) => fail(datum.span, "a string has no value"),
            DatumKind::List(_) => {
                if let Some((view, number)) = self.register(datum) {
                    let width = self.machine.views[view].width;
                    return Ok(Expr {
                        width,
                        kind: ExprKind::Register(view, number),
                    });
                }
                let Some((head, args)) = call(datum) else {
                    return fail(datum.span, "expected an operation");
                };
                self.operation(datum, head, args, width)
            }
        }
    }

    fn int(&self, value: i128, width: Option<u32>, span: Span) -> Checked<Expr> {
        let Some(width) = width else {
            return Err(Box::new(
                Diagnostic::new(
                    Code::Meaning,
                    span,
                    format!("nothing says how wide {value} is"),
                )
                .help(format!("write (bits WIDTH {value})")),
            ));
        };
        if value >= 1 << width || value < -(1 << (width - 1)) {
            return fail(span, format!("{value} does not fit into {width} bits"));
        }
        Ok(Expr {
            width,
            kind: ExprKind::Const(s::low(width, value as u64)),
        })
    }

    fn name(&self, name: &str, span: Span, wanted: Option<u32>) -> Checked<Expr> {
        if let Some((_, width)) = self.vars.iter().rev().find(|(var, _)| var == name) {
            return Ok(Expr {
                width: *width,
                kind: ExprKind::Var(name.to_string()),
            });
        }
        if let Some(index) = self.operand(name) {
            let width = match self.operands[index].kind {
                Kind::View(view) => self.machine.views[view].width,
                Kind::Immediate(_) | Kind::Offset(_) => 64,
                Kind::Code(code) => self.machine.codes[code].width,
            };
            let value = Expr {
                width,
                kind: ExprKind::Operand(index),
            };
            // Like integers, immediates take the width that their place demands.
            return match (self.operands[index].kind, wanted) {
                (Kind::Immediate(_), Some(wanted)) if wanted < width => Ok(Expr {
                    width: wanted,
                    kind: ExprKind::Resize(Box::new(value)),
                }),
                _ => Ok(value),
            };
        }
        let (width, kind) = match name {
            "nzcv" => (4, ExprKind::Nzcv),
            "n" => (1, ExprKind::Flag(3)),
            "z" => (1, ExprKind::Flag(2)),
            "c" => (1, ExprKind::Flag(1)),
            "v" => (1, ExprKind::Flag(0)),
            "pc" => (64, ExprKind::Pc),
            _ => {
                let operands = self.operands.iter().map(|operand| operand.name.as_str());
                let known = operands.chain(self.vars.iter().map(|(var, _)| var.as_str()));
                let help = did_you_mean(name, known.chain(["nzcv", "pc"]));
                return Err(Box::new(
                    Diagnostic::new(
                        Code::UnknownOperand,
                        span,
                        format!("unknown operand `{name}`"),
                    )
                    .maybe_help(help),
                ));
            }
        };
        Ok(Expr { width, kind })
    }

    fn operation(
        &mut self,
        datum: &Datum,
        head: &str,
        args: &[Datum],
        width: Option<u32>,
    ) -> Checked<Expr> {
        let span = datum.span;
        if let Some(define) = self.defines.get(head) {
            return self.defined(define, args, span, width);
        }
        let expr = |width, kind| Ok(Expr { width, kind });
        match (head, args) {
            ("if", [condition, then, other]) => {
                let condition = self.expr(condition, Some(1))?;
                let [then, other] = self.alike(then, other, width)?;
                expr(then.width, ExprKind::If(Box::new([condition, then, other])))
            }
            ("let", [defs, body]) => {
                // A value that is used several times is written out: meanings have no effects.
                let DatumKind::List(defs) = &defs.kind else {
                    return fail(defs.span, "expected definitions ((name value)…)");
                };
                let mut map: HashMap<&str, Datum> = HashMap::new();
                for def in defs {
                    let Some((name, [value])) = call(def) else {
                        return fail(def.span, "expected a definition (name value)");
                    };
                    let value = replace(value, &map);
                    map.insert(name, value);
                }
                let body = replace(body, &map);
                self.expr(&body, width)
            }
            ("match", [subject, cases @ ..]) => self.match_code(subject, cases, span, width),
            ("meaning", [subject]) => self.meaning(subject),
            ("load", [bits, address]) => {
                let width = self.width(bits)?;
                if !matches!(width, 8 | 16 | 32 | 64) {
                    return fail(bits.span, "memory is read in 8, 16, 32 or 64 bits");
                }
                let address = self.expr(address, Some(64))?;
                expr(width, ExprKind::Load(Box::new(address)))
            }
            ("bits", [bits, value]) => {
                let width = self.width(bits)?;
                self.expr(value, Some(width))
            }
            ("low", [bits, value]) => {
                let (width, value) = (self.width(bits)?, self.expr(value, None)?);
                if width > value.width {
                    return fail(span, format!("the value has only {} bits", value.width));
                }
                expr(width, ExprKind::Resize(Box::new(value)))
            }
            ("zext" | "sext", [bits, value]) => {
                let (width, value) = (self.width(bits)?, self.expr(value, None)?);
                if width < value.width {
                    return fail(span, format!("the value has {} bits already", value.width));
                }
                let value = Box::new(value);
                expr(
                    width,
                    if head == "zext" {
                        ExprKind::Resize(value)
                    } else {
                        ExprKind::Sext(value)
                    },
                )
            }
            ("extract", [high, low, value]) => {
                let value = self.expr(value, None)?;
                let (DatumKind::Int(h), DatumKind::Int(l)) = (&high.kind, &low.kind) else {
                    return fail(span, "expected (extract HIGH LOW value)");
                };
                if !(0 <= *l && l <= h && *h < i128::from(value.width)) {
                    return fail(span, format!("the value has bits {} to 0", value.width - 1));
                }
                expr(
                    (h - l + 1) as u32,
                    ExprKind::Extract(*h as u32, *l as u32, Box::new(value)),
                )
            }
            ("concat", [first, rest @ ..]) if !rest.is_empty() => {
                let mut value = self.expr(first, None)?;
                for next in rest {
                    let next = self.expr(next, None)?;
                    let width = value.width + next.width;
                    if width > 64 {
                        return fail(span, "values are at most 64 bits wide");
                    }
                    value = Expr {
                        width,
                        kind: ExprKind::Concat(Box::new([value, next])),
                    };
                }
                Ok(value)
            }
            (_, [bits, value]) if CONVERSIONS.contains(&head) => {
                let name = CONVERSIONS
                    .iter()
                    .find(|name| **name == head)
                    .expect("just found");
                let (width, value) = (self.width(bits)?, self.expr(value, None)?);
                if !matches!((width, value.width), (32 | 64, 32 | 64)) {
                    return fail(span, "conversions are between 32 and 64 bits");
                }
                expr(width, ExprKind::Convert(name, Box::new(value)))
            }
            _ => self.op(datum, head, args, width),
        }
    }

    fn op(
        &mut self,
        datum: &Datum,
        head: &str,
        args: &[Datum],
        width: Option<u32>,
    ) -> Checked<Expr> {
        let span = datum.span;
        let Some(op) = OPS.iter().find(|op| op.name == head) else {
            let known = OPS
                .iter()
                .map(|op| op.name)
                .chain(CONVERSIONS.iter().copied());
            let known = known
                .chain(FORMS.iter().copied())
                .chain(self.defines.keys().map(String::as_str));
            let help = did_you_mean(head, known);
            return Err(Box::new(
                Diagnostic::new(Code::Meaning, span, format!("unknown operation `{head}`"))
                    .maybe_help(help),
            ));
        };
        // What the operands are like is what the result is like, unless the operation says.
        let inner = if op.result.is_some() { None } else { width };
        let args = match (op.eval, args) {
            (Eval::One(_), [a]) => vec![self.expr(a, inner)?],
            (Eval::Two(_), [a, b]) => self.alike(a, b, inner)?.into(),
            (Eval::TwoAndBit(_), [a, b, bit]) => {
                let [a, b] = self.alike(a, b, inner)?;
                vec![a, b, self.expr(bit, Some(1))?]
            }
            (Eval::Shift(_), [a, n]) => {
                let a = self.expr(a, inner)?;
                let n = match n.kind {
                    DatumKind::Int(_) => self.expr(n, Some(64))?,
                    _ => self.expr(n, None)?,
                };
                vec![a, n]
            }
            (Eval::Sized(_), [size, value]) => {
                let size = u64::from(self.width(size)?);
                vec![
                    Expr {
                        width: 64,
                        kind: ExprKind::Const(size),
                    },
                    self.expr(value, Some(64))?,
                ]
            }
            _ => return fail(span, format!("wrong number of operands for `{head}`")),
        };
        let width = op.result.unwrap_or(args[0].width);
        Ok(Expr {
            width,
            kind: ExprKind::Op(op, args),
        })
    }

    /// Two expressions of one width: an integer takes the width of the other.
    fn alike(&mut self, a: &Datum, b: &Datum, width: Option<u32>) -> Checked<[Expr; 2]> {
        if matches!(a.kind, DatumKind::Int(_)) && width.is_none() {
            let b = self.expr(b, width)?;
            return Ok([self.expr(a, Some(b.width))?, b]);
        }
        let a = self.expr(a, width)?;
        let b = self.expr(b, Some(a.width))?;
        Ok([a, b])
    }

    /// Replaces a defined abbreviation.
    fn defined(
        &mut self,
        define: &ast::Define,
        args: &[Datum],
        span: Span,
        width: Option<u32>,
    ) -> Checked<Expr> {
        /// Definitions use others, but not without end; and what they repeat multiplies.
        const DEEPEST: usize = 16;
        const MOST: usize = 1000;

        if args.len() != define.params.len() {
            let message = format!(
                "`{}` takes {} operands",
                define.name.name,
                define.params.len()
            );
            return Err(Box::new(
                Diagnostic::new(Code::Meaning, span, message)
                    .label(define.name.span, "defined here"),
            ));
        }
        self.expanded += 1;
        if self.depth >= DEEPEST || self.expanded > MOST {
            return fail(
                define.name.span,
                format!("`{}` uses itself, or others too deeply", define.name.name),
            );
        }
        let params = define.params.iter().map(|param| param.name.as_str());
        let map = params.zip(args.iter().cloned()).collect();
        let body = replace(&define.body, &map);
        self.depth += 1;
        let value = self.expr(&body, width);
        self.depth -= 1;
        value
    }

    fn code_operand(&self, subject: &Datum) -> Checked<(usize, usize)> {
        if let DatumKind::Atom(name) = &subject.kind
            && let Some(index) = self.operand(name)
            && let Kind::Code(code) = self.operands[index].kind
        {
            return Ok((index, code));
        }
        fail(subject.span, "expected an operand whose kind is a `code`")
    }

    fn match_code(
        &mut self,
        subject: &Datum,
        cases: &[Datum],
        span: Span,
        width: Option<u32>,
    ) -> Checked<Expr> {
        let (operand, code) = self.code_operand(subject)?;
        let names: Vec<_> = self.machine.codes[code]
            .cases
            .iter()
            .map(|case| case.name.clone())
            .collect();
        let mut width = width;
        let mut values = vec![None; names.len()];
        for case in cases {
            let Some((name, [value])) = call(case) else {
                return fail(case.span, "expected a case (Name value)");
            };
            let Some(index) = names.iter().position(|known| known == name) else {
                let help = did_you_mean(name, names.iter().map(String::as_str));
                let message = format!("unknown case `{name}`");
                return Err(Box::new(
                    Diagnostic::new(Code::Meaning, case.span, message).maybe_help(help),
                ));
            };
            let value = self.expr(value, width)?;
            width = Some(value.width);
            values[index] = Some(value);
        }
        match values.into_iter().collect::<Option<Vec<_>>>() {
            Some(values) if !values.is_empty() => Ok(Expr {
                width: values[0].width,
                kind: ExprKind::Match(operand, values),
            }),
            _ => fail(span, format!("the cases are {}", names.join(", "))),
        }
    }

    /// What the code of an operand means.
    fn meaning(&mut self, subject: &Datum) -> Checked<Expr> {
        let (operand, code) = self.code_operand(subject)?;
        let meanings: Option<Vec<_>> = self.machine.codes[code]
            .cases
            .iter()
            .map(|case| case.meaning.clone())
            .collect();
        let Some(meanings) = meanings else {
            return fail(subject.span, "not all cases of this code have a meaning");
        };
        let mut values = Vec::new();
        for meaning in &meanings {
            let width = values.first().map(|first: &Expr| first.width);
            values.push(self.expr(meaning, width)?);
        }
        Ok(Expr {
            width: values.first().map_or(1, |first| first.width),
            kind: ExprKind::Match(operand, values),
        })
    }
}

/// The first word of a list and the rest.
fn call(datum: &Datum) -> Option<(&str, &[Datum])> {
    let DatumKind::List(parts) = &datum.kind else {
        return None;
    };
    let (
        Datum {
            kind: DatumKind::Atom(head),
            ..
        },
        args,
    ) = parts.split_first()?
    else {
        return None;
    };
    Some((head, args))
}

fn replace(datum: &Datum, map: &HashMap<&str, Datum>) -> Datum {
    let kind = match &datum.kind {
        DatumKind::Atom(name) => match map.get(name.as_str()) {
            Some(value) => return value.clone(),
            None => return datum.clone(),
        },
        DatumKind::List(parts) => {
            let (first, rest) = match parts.split_first() {
                // The word that says what a list is is not a variable.
                Some((
                    head @ Datum {
                        kind: DatumKind::Atom(_),
                        ..
                    },
                    rest,
                )) => (vec![head.clone()], rest),
                _ => (Vec::new(), &parts[..]),
            };
            DatumKind::List(
                first
                    .into_iter()
                    .chain(rest.iter().map(|part| replace(part, map)))
                    .collect(),
            )
        }
        _ => return datum.clone(),
    };
    Datum {
        kind,
        span: datum.span,
    }
}
