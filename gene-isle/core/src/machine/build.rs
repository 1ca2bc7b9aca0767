//! From declarations to the machine.

use std::collections::HashMap;

use super::meaning::Meanings;
use super::{
    AsmPart, Bits, Code, CodeCase, Immediate, Inst, Kind, Machine, Offset, Operand, Registers, View,
};
use crate::ast::{self, Direction, Ident, Item, ItemKind};
use crate::diagnostic::{self, Diagnostic, Errors, did_you_mean};
use crate::source::Span;
use crate::types::{TypeEnv, TypeKind};

type Checked<T> = Result<T, Box<Diagnostic>>;

fn fail<T>(code: diagnostic::Code, span: Span, message: impl Into<String>) -> Checked<T> {
    Err(Box::new(Diagnostic::new(code, span, message)))
}

/// Collects the machine that `items` declare.
pub fn build(items: &[Item], types: &TypeEnv, errors: &mut Errors) -> Machine {
    let mut builder = Builder {
        types,
        machine: Machine::default(),
        sized: HashMap::new(),
        defines: HashMap::new(),
    };
    // What instructions are made of may be declared after them.
    for item in items {
        if let Err(error) = builder.operand_kind(item) {
            errors.push(*error);
        }
    }
    for item in items {
        if let ItemKind::Immediate(immediate) = &item.kind {
            match builder.immediate(immediate) {
                Ok(immediate) => builder.machine.immediates.push(immediate),
                Err(error) => errors.push(*error),
            }
        }
    }
    for item in items {
        if let ItemKind::Inst(inst) = &item.kind {
            if errors.is_full() {
                break;
            }
            match builder.insts(inst, item) {
                Ok(insts) => builder.machine.insts.extend(insts),
                Err(error) => errors.push(*error),
            }
        }
    }
    check_distinct(&builder.machine, errors);
    builder.machine
}

/// No two instructions may be encoded in the same words: decoding could not tell them apart.
fn check_distinct(machine: &Machine, errors: &mut Errors) {
    let mut seen: HashMap<(u32, u32), &Inst> = HashMap::new();
    for inst in &machine.insts {
        // Conditions and computed fields tell instructions apart that fix the same bits.
        if inst.condition.is_some() || !inst.fields.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(inst.fixed(), inst) {
            let message = format!(
                "`{}` and `{}` have the same encoding",
                first.name, inst.name
            );
            errors.push(
                Diagnostic::new(diagnostic::Code::Encoding, inst.span, message)
                    .label(first.span, "the other one is declared here")
                    .help("remove one of them, or fix more bits of one"),
            );
        }
    }
}

struct Builder<'a> {
    types: &'a TypeEnv,
    machine: Machine,
    sized: HashMap<String, ast::Sized>,
    defines: HashMap<String, ast::Define>,
}

impl Builder<'_> {
    fn operand_kind(&mut self, item: &Item) -> Checked<()> {
        let in_range = |value: i128, span: Span, low: i128, high: i128, what: &str| {
            if (low..=high).contains(&value) {
                return Ok(value as u32);
            }
            fail(
                diagnostic::Code::Encoding,
                span,
                format!("{what} must be from {low} to {high}"),
            )
        };
        match &item.kind {
            ItemKind::Registers(registers) => {
                let count = in_range(
                    registers.count,
                    item.span,
                    1,
                    256,
                    "the number of registers",
                )?;
                self.machine.registers.push(Registers {
                    name: registers.name.name.clone(),
                    count,
                });
            }
            ItemKind::View(view) => {
                let file = self
                    .machine
                    .registers
                    .iter()
                    .position(|file| file.name == view.file.name);
                let Some(file) = file else {
                    let known = self.machine.registers.iter().map(|file| file.name.as_str());
                    let help = did_you_mean(&view.file.name, known);
                    let message = format!("unknown registers `{}`", view.file.name);
                    let error =
                        Diagnostic::new(diagnostic::Code::UnknownOperand, view.file.span, message);
                    return Err(Box::new(error.maybe_help(help)));
                };
                let width = in_range(view.width, item.span, 1, 64, "the width of a view")?;
                let special = match &view.special {
                    None => None,
                    Some(special) => {
                        let most = i128::from(self.machine.registers[file].count) - 1;
                        let number =
                            in_range(special.number, special.asm.span, 0, most, "the number")?;
                        Some((number as u8, special.asm.text.clone(), special.zero))
                    }
                };
                let (name, asm) = (view.name.name.clone(), view.asm.text.clone());
                self.unused(&view.name)?;
                self.machine.views.push(View {
                    name,
                    file,
                    width,
                    asm,
                    special,
                });
            }
            ItemKind::Code(code) => {
                let width = in_range(code.width, item.span, 1, 16, "the width of a code")?;
                let mut cases: Vec<CodeCase> = Vec::new();
                for case in &code.cases {
                    let number = in_range(
                        case.number,
                        case.name.span,
                        0,
                        (1 << width) - 1,
                        "the number",
                    )?;
                    if cases.iter().any(|known| known.number == number) {
                        let message = format!("two cases have the number {number}");
                        return fail(diagnostic::Code::Encoding, case.name.span, message);
                    }
                    let (name, asm) = (case.name.name.clone(), case.asm.text.clone());
                    cases.push(CodeCase {
                        name,
                        number,
                        asm,
                        meaning: case.meaning.clone(),
                    });
                }
                self.unused(&code.name)?;
                self.machine.codes.push(Code {
                    name: code.name.name.clone(),
                    width,
                    cases,
                });
            }
            ItemKind::Offset(offset) => {
                let bits = in_range(offset.bits, item.span, 2, 32, "the width of an offset")?;
                let unit = in_range(offset.unit, item.span, 1, 16, "the unit of an offset")?;
                self.unused(&offset.name)?;
                self.machine.offsets.push(Offset {
                    name: offset.name.name.clone(),
                    bits,
                    unit,
                });
            }
            ItemKind::Sized(sized) => {
                self.unused(&sized.name)?;
                self.sized.insert(sized.name.name.clone(), sized.clone());
            }
            ItemKind::Define(define) => {
                if let Some(first) = self
                    .defines
                    .insert(define.name.name.clone(), define.clone())
                {
                    let message = format!("`{}` is defined twice", define.name.name);
                    return Err(Box::new(
                        Diagnostic::new(diagnostic::Code::DuplicateTerm, define.name.span, message)
                            .label(first.name.span, "first defined here"),
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Kinds of operands share one name space.
    fn unused(&self, name: &Ident) -> Checked<()> {
        if self.kind_names().any(|known| known == name.name) {
            let message = format!("there are two operand kinds `{}`", name.name);
            return fail(diagnostic::Code::DuplicateType, name.span, message);
        }
        Ok(())
    }

    fn kind_names(&self) -> impl Iterator<Item = &str> {
        let machine = &self.machine;
        let views = machine.views.iter().map(|kind| kind.name.as_str());
        let codes = machine.codes.iter().map(|kind| kind.name.as_str());
        let offsets = machine.offsets.iter().map(|kind| kind.name.as_str());
        let immediates = machine.immediates.iter().map(|kind| kind.name.as_str());
        let sized = self.sized.keys().map(String::as_str);
        views
            .chain(codes)
            .chain(offsets)
            .chain(immediates)
            .chain(sized)
    }

    fn immediate(&self, immediate: &ast::Immediate) -> Checked<Immediate> {
        let name = &immediate.name;
        self.unused(name)?;
        let ty = self.types.by_name(&immediate.ty.name);
        let ty = ty.filter(|&ty| matches!(self.types.get(ty).kind, TypeKind::Int));
        let bits_of = |name: &str| name[1..].parse::<u32>().ok().filter(|&bits| bits <= 64);
        let (Some(ty), Some(value_bits)) = (ty, bits_of(&immediate.ty.name)) else {
            let message = "the values of an immediate are of type u8 to u64 or i8 to i64";
            return fail(diagnostic::Code::UnknownType, immediate.ty.span, message);
        };
        let Ok(bits @ 1..=32) = u32::try_from(immediate.bits) else {
            return fail(
                diagnostic::Code::Encoding,
                name.span,
                "a field is 1 to 32 bits wide",
            );
        };
        let coding = |coding: &ast::Coding| -> Checked<_> {
            let mut meanings =
                Meanings::new(&self.machine, &[], &self.defines).with_var(&coding.param.name, 64);
            let expr = meanings.expr(&coding.body, Some(64))?;
            Ok((coding.param.name.clone(), expr))
        };
        let asm = immediate
            .asm
            .as_ref()
            .map_or("#{}", |asm| asm.text.as_str());
        if !["{}", "{x}", "{f64}"]
            .iter()
            .any(|place| asm.contains(place))
        {
            let span = immediate.asm.as_ref().map_or(name.span, |asm| asm.span);
            let message = "the assembly text has no place for the value";
            return Err(Box::new(
                Diagnostic::new(diagnostic::Code::Assembly, span, message).help(
                    "write {} for decimal, {x} for hexadecimal, {f64} for the bits of a double",
                ),
            ));
        }
        Ok(Immediate {
            name: name.name.clone(),
            span: name.span,
            ty,
            signed: immediate.ty.name.starts_with('i'),
            value_bits,
            bits,
            encode: coding(&immediate.encode)?,
            decode: coding(&immediate.decode)?,
            asm: asm.to_string(),
        })
    }

    /// The instructions of one declaration: one, or one for each choice of its sized kinds.
    fn insts(&self, inst: &ast::Inst, item: &Item) -> Checked<Vec<Inst>> {
        let sized = inst
            .operands
            .iter()
            .filter_map(|operand| self.sized.get(&operand.kind.name));
        let choices = sized
            .clone()
            .map(|sized| sized.choices.len())
            .max()
            .unwrap_or(1);
        if let Some(odd) = sized.clone().find(|sized| sized.choices.len() != choices) {
            let message = format!(
                "`{}` has another number of choices than the other operands",
                odd.name.name
            );
            return fail(diagnostic::Code::Encoding, inst.names[0].span, message);
        }
        if inst.names.len() != choices {
            let message = format!(
                "the operands have {choices} choices, so the instruction needs {choices} names"
            );
            return fail(diagnostic::Code::Encoding, inst.names[0].span, message);
        }
        (0..choices)
            .map(|choice| self.inst(inst, item, choice))
            .collect()
    }

    fn inst(&self, inst: &ast::Inst, item: &Item, choice: usize) -> Checked<Inst> {
        let name = &inst.names[choice];
        let mut operands: Vec<Operand> = Vec::new();
        // The bits that say which choice this is.
        let mut chosen: HashMap<&str, &ast::Str> = HashMap::new();
        for operand in &inst.operands {
            let mut kind = &operand.kind;
            if let Some(sized) = self.sized.get(&kind.name) {
                let (choice, bits) = &sized.choices[choice];
                chosen.insert(&sized.field.name, bits);
                kind = choice;
            }
            if operands.iter().any(|known| known.name == operand.name.name) {
                let message = format!("two operands are called `{}`", operand.name.name);
                return fail(diagnostic::Code::Encoding, operand.name.span, message);
            }
            let kind = self.kind(kind)?;
            if operand.direction != Direction::In && !matches!(kind, Kind::View(_)) {
                let message = format!(
                    "`{}` cannot be written: it is not a register",
                    operand.name.name
                );
                return fail(diagnostic::Code::Encoding, operand.name.span, message);
            }
            operands.push(Operand {
                name: operand.name.name.clone(),
                span: operand.name.span,
                kind,
                direction: operand.direction,
                from: None,
            });
        }
        let Some(bits) = &inst.bits else {
            return fail(
                diagnostic::Code::Encoding,
                name.span,
                format!("`{}` has no `bits`", name.name),
            );
        };
        let Some(asm) = &inst.asm else {
            return fail(
                diagnostic::Code::Assembly,
                name.span,
                format!("`{}` has no `asm`", name.name),
            );
        };
        let field_names: Vec<_> = inst
            .fields
            .iter()
            .map(|(name, _)| name.name.as_str())
            .collect();
        let (bits, field_widths) = self.bits(bits, &operands, &chosen, &field_names)?;
        let mut fields = Vec::new();
        for (index, (field, value)) in inst.fields.iter().enumerate() {
            let Some(&width) = field_widths.get(&index) else {
                let message = format!("the field `{}` is not among the bits", field.name);
                return fail(diagnostic::Code::Encoding, field.span, message);
            };
            let mut meanings = Meanings::new(&self.machine, &operands, &self.defines);
            let value = meanings.expr(value, Some(64))?;
            let value = super::Expr {
                width,
                kind: super::meaning::ExprKind::Resize(Box::new(value)),
            };
            fields.push((field.name.clone(), value));
        }
        for (index, operand) in inst.operands.iter().enumerate() {
            let in_bits = bits
                .iter()
                .any(|part| matches!(part, Bits::Operand { index: found, .. } if *found == index));
            match &operand.from {
                Some(from) => {
                    let mut meanings = Meanings::new(&self.machine, &[], &self.defines);
                    for field in &inst.fields {
                        meanings = meanings.with_var(&field.0.name, 64);
                    }
                    for operand in inst
                        .operands
                        .iter()
                        .filter(|operand| operand.from.is_none())
                    {
                        meanings = meanings.with_var(&operand.name.name, 64);
                    }
                    operands[index].from = Some(meanings.expr(from, Some(64))?);
                }
                None if !in_bits => {
                    let message =
                        format!("the operand `{}` is not among the bits", operand.name.name);
                    return Err(Box::new(
                        Diagnostic::new(diagnostic::Code::Encoding, operand.name.span, message)
                            .help("name it in `bits`, or say how to compute it: (from …)"),
                    ));
                }
                None => {}
            }
        }
        let condition = match &inst.condition {
            None => None,
            Some(condition) => {
                let mut meanings = Meanings::new(&self.machine, &[], &self.defines);
                for operand in operands.iter().filter(|operand| operand.has_number()) {
                    meanings = meanings.with_var(&operand.name, 64);
                }
                Some(meanings.expr(condition, Some(1))?)
            }
        };
        let asm = self.asm(asm, &operands)?;
        let effects = Meanings::new(&self.machine, &operands, &self.defines).effects(&inst.does)?;
        let (name, span, doc) = (name.name.clone(), name.span, item.doc.clone());
        Ok(Inst {
            name,
            span,
            doc,
            operands,
            bits,
            fields,
            condition,
            asm,
            effects,
        })
    }

    fn kind(&self, name: &Ident) -> Checked<Kind> {
        let machine = &self.machine;
        let by_name = |found: &str| found == name.name;
        let kind = None
            .or_else(|| {
                machine
                    .views
                    .iter()
                    .position(|kind| by_name(&kind.name))
                    .map(Kind::View)
            })
            .or_else(|| {
                machine
                    .codes
                    .iter()
                    .position(|kind| by_name(&kind.name))
                    .map(Kind::Code)
            })
            .or_else(|| {
                machine
                    .immediates
                    .iter()
                    .position(|kind| by_name(&kind.name))
                    .map(Kind::Immediate)
            })
            .or_else(|| {
                machine
                    .offsets
                    .iter()
                    .position(|kind| by_name(&kind.name))
                    .map(Kind::Offset)
            });
        kind.ok_or_else(|| {
            let help = did_you_mean(&name.name, self.kind_names()).unwrap_or_else(|| {
                "operand kinds are declared with `view`, `code`, `immediate`, `offset` and `sized`".to_string()
            });
            let message = format!("unknown operand kind `{}`", name.name);
            Box::new(Diagnostic::new(diagnostic::Code::UnknownOperand, name.span, message).help(help))
        })
    }

    /// Reads an encoding such as `sf 0 0 01011 shift 0 rm imm6 rn rd`.
    fn bits(
        &self,
        text: &ast::Str,
        operands: &[Operand],
        chosen: &HashMap<&str, &ast::Str>,
        fields: &[&str],
    ) -> Checked<(Vec<Bits>, HashMap<usize, u32>)> {
        let mut bits = Vec::new();
        let mut field_widths = HashMap::new();
        let mut at = 0;
        for word in text.text.split(' ') {
            let span = text.part(at, at + word.len());
            at += word.len() + 1;
            if word.is_empty() {
                continue;
            }
            let word = chosen.get(word).map_or(word, |bits| bits.text.as_str());
            if word.bytes().all(|byte| byte == b'0' || byte == b'1') {
                let value = u32::from_str_radix(word, 2).unwrap_or(0);
                bits.push(Bits::Fixed {
                    width: word.len() as u32,
                    value,
                });
                continue;
            }
            let (name, rest) = word.split_at(word.find([':', '[']).unwrap_or(word.len()));
            let number = |text: &str| text.parse::<u32>().ok().filter(|&number| number < 32);
            if let Some(index) = operands.iter().position(|operand| operand.name == name) {
                let width = self.machine.field_width(operands[index].kind);
                let (high, low) = if rest.is_empty() {
                    (width - 1, 0)
                } else if let Some(written) = rest.strip_prefix(':') {
                    if number(written) != Some(width) {
                        let message = format!("`{name}` is {width} bits wide");
                        return fail(diagnostic::Code::Encoding, span, message);
                    }
                    (width - 1, 0)
                } else {
                    let slice = rest.trim_start_matches('[').trim_end_matches(']');
                    let (high, low) = slice.split_once(':').unwrap_or((slice, slice));
                    match (number(high), number(low)) {
                        (Some(high), Some(low)) if low <= high && high < width => (high, low),
                        _ => {
                            let message = format!("`{name}` has bits {} to 0", width - 1);
                            return fail(diagnostic::Code::Encoding, span, message);
                        }
                    }
                };
                bits.push(Bits::Operand { index, high, low });
            } else if let Some(index) = fields.iter().position(|field| *field == name) {
                let Some(width @ 1..) = rest.strip_prefix(':').and_then(number) else {
                    let message = format!("say how wide the field is: `{name}:6`");
                    return fail(diagnostic::Code::Encoding, span, message);
                };
                field_widths.insert(index, width);
                bits.push(Bits::Field { index, width });
            } else {
                let known = operands
                    .iter()
                    .map(|operand| operand.name.as_str())
                    .chain(fields.iter().copied());
                let message = format!("`{name}` is neither bits nor an operand nor a field");
                return Err(Box::new(
                    Diagnostic::new(diagnostic::Code::UnknownOperand, span, message)
                        .maybe_help(did_you_mean(name, known)),
                ));
            }
        }
        let total: u32 = bits.iter().map(Bits::width).sum();
        if total != 32 {
            return fail(
                diagnostic::Code::Encoding,
                text.span,
                format!("these are {total} bits, not 32"),
            );
        }
        Ok((bits, field_widths))
    }

    fn asm(&self, text: &ast::Str, operands: &[Operand]) -> Checked<Vec<AsmPart>> {
        let mut parts = Vec::new();
        let mut rest = text.text.as_str();
        let mut at = 0;
        while let Some(open) = rest.find('{') {
            let Some(length) = rest[open..].find('}') else {
                let span = text.part(at + open, at + open + 1);
                return fail(diagnostic::Code::Assembly, span, "this brace is not closed");
            };
            let name = &rest[open + 1..open + length];
            let Some(index) = operands.iter().position(|operand| operand.name == name) else {
                let span = text.part(at + open + 1, at + open + length);
                let known = operands.iter().map(|operand| operand.name.as_str());
                return Err(Box::new(
                    Diagnostic::new(
                        diagnostic::Code::UnknownOperand,
                        span,
                        format!("unknown operand `{name}`"),
                    )
                    .maybe_help(did_you_mean(name, known)),
                ));
            };
            if open > 0 {
                parts.push(AsmPart::Text(rest[..open].to_string()));
            }
            parts.push(AsmPart::Operand(index));
            at += open + length + 1;
            rest = &rest[open + length + 1..];
        }
        if !rest.is_empty() {
            parts.push(AsmPart::Text(rest.to_string()));
        }
        Ok(parts)
    }
}
