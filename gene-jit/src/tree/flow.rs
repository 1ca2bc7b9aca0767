//! What is known of a body before it is lowered: operand depth at each instruction,
//! where blocks begin, what lies in a loop.

use super::effect::{Effect, effect};
use gene_vm::bytecode::Op;
use gene_vm::code::Code;

/// The flow of control in a body.
pub struct Flow {
    /// Operands on the stack before each instruction; `None` where control never comes.
    depth: Vec<Option<u16>>,
    /// Instructions that control reaches other than from the one before.
    leader: Vec<bool>,
    /// Instructions that a back edge leads to, with the last instruction of the loop.
    loop_end: Vec<Option<u32>>,
    in_loop: Vec<bool>,
}

impl Flow {
    /// Follows all paths through a body.
    pub fn new(code: &Code) -> Flow {
        let count = code.instrs.len();
        let mut flow = Flow {
            depth: vec![None; count + 1],
            leader: vec![false; count + 1],
            loop_end: vec![None; count + 1],
            in_loop: vec![false; count + 1],
        };
        let mut pending = vec![(0, 0)];
        for handler in &code.handlers {
            flow.leader[handler.target as usize] = true;
            pending.push((handler.target as usize, handler.operands + 1));
        }
        while let Some((mut pc, mut depth)) = pending.pop() {
            while pc < count && flow.depth[pc].is_none() {
                flow.depth[pc] = Some(depth);
                let instr = code.instrs[pc];
                let Effect {
                    pops,
                    pushes,
                    jump_pushes,
                    ends,
                } = effect(code, instr);
                let below = depth.saturating_sub(pops);
                if let Some(target) = instr.target() {
                    flow.leader[target] = true;
                    pending.push((target, below + jump_pushes));
                    if instr.op == Op::JumpBack {
                        let end = flow.loop_end[target].unwrap_or(0).max(pc as u32);
                        flow.loop_end[target] = Some(end);
                    }
                }
                if ends {
                    break;
                }
                if instr.target().is_some() {
                    flow.leader[pc + 1] = true;
                }
                depth = below + pushes;
                pc += 1;
            }
        }
        flow.mark_loops();
        flow
    }

    fn mark_loops(&mut self) {
        let mut reach = None;
        for pc in 0..self.in_loop.len() {
            reach = reach.max(self.loop_end[pc]);
            self.in_loop[pc] = reach.is_some_and(|end| pc <= end as usize);
        }
    }

    /// Number of operands before an instruction; `None` where control never comes.
    pub fn depth(&self, pc: usize) -> Option<usize> {
        self.depth[pc].map(usize::from)
    }

    /// Does a block begin here?
    pub fn is_leader(&self, pc: usize) -> bool {
        self.leader[pc]
    }

    /// The last instruction of the loop that begins here.
    pub fn loop_end(&self, pc: usize) -> Option<usize> {
        self.loop_end[pc].map(|end| end as usize)
    }

    /// Does the instruction lie in a loop?
    pub fn in_loop(&self, pc: usize) -> bool {
        self.in_loop[pc]
    }

    /// Are there loops?
    pub fn has_loops(&self) -> bool {
        self.loop_end.iter().any(Option::is_some)
    }
}
