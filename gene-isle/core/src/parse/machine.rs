//! The forms of machines that are more than a list of words.

use pest::iterators::Pair;

use super::{Cx, G, Parsed, next, take};
use crate::ast::{Clause, Coding, Direction, Immediate, Inst, ItemKind, Operand, Test, TestValue};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

impl Cx {
    pub(super) fn immediate<'i>(
        &self,
        parts: &mut impl Iterator<Item = Pair<'i, G>>,
    ) -> Parsed<ItemKind> {
        let name = self.ident(next(parts));
        let ty = self.ident(next(parts));
        let bits = self.int(next(parts))?;
        let (mut encode, mut decode) = (None, None);
        for coding in [next(parts), next(parts)] {
            let span = self.span(&coding);
            let mut parts = coding.into_inner();
            let slot = match next(&mut parts).as_str() {
                "encode" => &mut encode,
                _ => &mut decode,
            };
            let coding = Coding {
                param: self.ident(next(&mut parts)),
                body: self.datum(next(&mut parts))?,
            };
            if slot.replace(coding).is_some() {
                let message = "an immediate has one `encode` and one `decode`";
                return Err(Box::new(Diagnostic::new(Code::Syntax, span, message)));
            }
        }
        let asm = parts
            .next()
            .map(|asm| self.string(next(&mut super::parts(asm))));
        let (Some(encode), Some(decode)) = (encode, decode) else {
            unreachable!("two codings, neither twice");
        };
        Ok(ItemKind::Immediate(Immediate {
            name,
            ty,
            bits,
            encode,
            decode,
            asm,
        }))
    }

    pub(super) fn inst<'i>(&self, parts: &mut impl Iterator<Item = Pair<'i, G>>) -> Parsed<Inst> {
        let mut inst = Inst {
            names: self.names(next(parts)),
            operands: Vec::new(),
            bits: None,
            asm: None,
            fields: Vec::new(),
            condition: None,
            does: Vec::new(),
        };
        for part in parts {
            if part.as_rule() == G::operand {
                inst.operands.push(self.operand(part)?);
                continue;
            }
            let clause = next(&mut super::parts(part));
            let span = self.span(&clause);
            let rule = clause.as_rule();
            let mut parts = super::parts(clause);
            let twice = match rule {
                G::bits_clause => inst.bits.replace(self.string(next(&mut parts))).is_some(),
                G::asm_clause => inst.asm.replace(self.string(next(&mut parts))).is_some(),
                G::where_clause => inst
                    .condition
                    .replace(self.datum(next(&mut parts))?)
                    .is_some(),
                G::field_clause => {
                    inst.fields
                        .push((self.ident(next(&mut parts)), self.datum(next(&mut parts))?));
                    false
                }
                _ => {
                    for effect in parts {
                        inst.does.push(self.datum(effect)?);
                    }
                    false
                }
            };
            if twice {
                let message = "this clause stands twice in the instruction";
                return Err(Box::new(Diagnostic::new(Code::Syntax, span, message)));
            }
        }
        Ok(inst)
    }

    fn operand(&self, pair: Pair<G>) -> Parsed<Operand> {
        let mut parts = super::parts(pair).peekable();
        let name = self.ident(next(&mut parts));
        let kind = self.ident(next(&mut parts));
        let direction = match take(&mut parts, G::direction)
            .as_ref()
            .map(|part| part.as_str())
        {
            Some("out") => Direction::Out,
            Some("inout") => Direction::InOut,
            _ => Direction::In,
        };
        let from = match parts.next() {
            None => None,
            Some(from) => Some(self.datum(next(&mut super::parts(from)))?),
        };
        Ok(Operand {
            name,
            kind,
            direction,
            from,
        })
    }

    pub(super) fn test<'i>(&self, parts: &mut impl Iterator<Item = Pair<'i, G>>) -> Parsed<Test> {
        let name = self.ident(next(parts));
        let input = self.datum(next(parts))?;
        let mut test = Test {
            name,
            input,
            rules: None,
            asm: None,
            values: Vec::new(),
        };
        for clause in parts {
            let clause = next(&mut super::parts(clause));
            let span = self.span(&clause);
            match clause.as_rule() {
                G::test_rules => {
                    let items = self.names(clause);
                    test.rules = Some(Clause { span, items });
                }
                G::test_asm => {
                    let items = super::parts(clause).map(|line| self.string(line)).collect();
                    test.asm = Some(Clause { span, items });
                }
                _ => test.values.push(self.test_value(clause)),
            }
        }
        Ok(test)
    }

    fn test_value(&self, clause: Pair<G>) -> TestValue {
        let mut parts = super::parts(clause).peekable();
        let args = super::take(&mut parts, G::test_arguments).map(|list| {
            let Span { file, start, end } = self.span(&list);
            let (start, end) = (start + 1, end - 1);
            Span { file, start, end }
        });
        let result = self.trimmed(&next(&mut parts));
        TestValue { args, result }
    }

    /// Where something stands, without blanks that the grammar took in behind it.
    fn trimmed(&self, pair: &Pair<G>) -> Span {
        let mut span = self.span(pair);
        span.end = span.start + pair.as_str().trim_end().len() as u32;
        span
    }
}
