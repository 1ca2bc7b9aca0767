//! Infix expressions (3.1): precedence, chains of comparisons, the look-up operator.

use super::{Compile, Compiler, Want, scan};
use crate::bytecode::Op;
use crate::object::Gene;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// Binding strength; a higher one binds tighter.
fn strength(operator: Symbol) -> u8 {
    match operator {
        sym::DOT_SLASH => 8,
        sym::MUL | sym::DIV | sym::MOD => 7,
        sym::ADD | sym::SUB | sym::CONCAT => 6,
        sym::SHL | sym::SHR => 5,
        sym::AND => 3,
        sym::XOR => 2,
        sym::OR => 1,
        _ => 4,
    }
}

fn is_chainable(operator: Symbol) -> bool {
    matches!(
        operator,
        sym::LT | sym::LE | sym::GT | sym::GE | sym::EQ | sym::NE
    )
}

impl Compiler<'_> {
    pub(super) fn infix(&mut self, gene: &Gene, want: Want) -> Compile {
        if self.look_up_with_default(gene)? {
            return self.finish(want);
        }
        if gene.children.len() % 2 == 1 {
            return self.error("Incomplete infix expression");
        }
        let mut operators = Vec::with_capacity(gene.children.len() / 2);
        for pair in gene.children.chunks(2) {
            match pair[0]
                .as_symbol()
                .filter(|&op| scan::is_infix_operator(op))
            {
                Some(operator) => operators.push(operator),
                None => return self.error("Invalid infix expression"),
            }
        }
        let operand = |i: usize| {
            if i == 0 {
                gene.head
            } else {
                gene.children[2 * i - 1]
            }
        };
        if operators.len() > 1 && operators.iter().all(|&op| is_chainable(op)) {
            for (i, &operator) in operators.iter().enumerate() {
                self.expression(operand(i), Want::Value)?;
                self.expression(operand(i + 1), Want::Value)?;
                self.operator(operator);
                if i > 0 {
                    self.e.binary(Op::And);
                }
            }
            return self.finish(want);
        }
        let mut waiting: Vec<Symbol> = Vec::new();
        self.expression(operand(0), Want::Value)?;
        for (i, &operator) in operators.iter().enumerate() {
            while waiting
                .last()
                .is_some_and(|&before| strength(before) >= strength(operator))
            {
                let before = waiting.pop().expect("it was just looked at");
                self.operator(before);
            }
            waiting.push(operator);
            self.expression(operand(i + 1), Want::Value)?;
        }
        while let Some(operator) = waiting.pop() {
            self.operator(operator);
        }
        self.finish(want)
    }

    /// Emits an operator on the two topmost operands.
    fn operator(&mut self, operator: Symbol) {
        let op = match operator {
            sym::MUL => Op::Mul,
            sym::DIV => Op::Div,
            sym::MOD => Op::Mod,
            sym::ADD => Op::Add,
            sym::SUB => Op::Sub,
            sym::SHL => Op::Shl,
            sym::SHR => Op::Shr,
            sym::LT => Op::Lt,
            sym::LE => Op::Le,
            sym::GT => Op::Gt,
            sym::GE => Op::Ge,
            sym::EQ => Op::Eq,
            sym::NE => Op::Ne,
            sym::IS => Op::Is,
            sym::AND => Op::And,
            sym::OR => Op::Or,
            sym::XOR => Op::Xor,
            sym::DOT_SLASH => Op::GetDynamic,
            _ => {
                // `++` is a function: bring the callee below the operands.
                self.load(sym::CONCAT);
                self.e.op_bc(Op::MoveDown, 2, 0, 3, 3);
                self.e.call(2, false);
                return;
            }
        };
        self.e.binary(op);
    }

    /// `(target ./ segment default)`, `(target ./name default)`: three parts with the look-up operator only.
    fn look_up_with_default(&mut self, gene: &Gene) -> Compile<bool> {
        let [operator, segment, default] = gene.children[..] else {
            return Ok(false);
        };
        if !operator.is_symbol(sym::DOT_SLASH)
            || segment.as_symbol().is_some_and(scan::is_infix_operator)
        {
            return Ok(false);
        }
        if default.as_symbol().is_some_and(scan::is_infix_operator) {
            return Ok(false);
        }
        self.values(&[gene.head, segment, default])?;
        self.e.op(Op::GetDefault, 3, 1);
        Ok(true)
    }

    /// `(./ target segment [default])`
    pub(super) fn look_up_prefix(&mut self, operands: &[Value], want: Want) -> Compile {
        self.values(operands)?;
        match operands.len() {
            2 => self.e.op(Op::GetDynamic, 2, 1),
            3 => self.e.op(Op::GetDefault, 3, 1),
            _ => return self.error("./ requires a target, a segment and optionally a default"),
        }
        self.finish(want)
    }
}
