//! What is known of a body before it is lowered: operand depth at each instruction,
//! where blocks begin, what lies in a loop.

use super::effect::{Effect, effect, used_locals};
use gene_vm::bytecode::Op;
use gene_vm::code::Code;

/// The flow of control in a body.
#[derive(Default)]
pub struct Flow {
    points: Vec<Point>,
    has_loops: bool,
    /// For each local variable the last instruction that may use it.
    last_uses: Vec<Option<u32>>,
    /// Where paths are still to be followed, with the number of operands there.
    pending: Vec<(usize, u16)>,
}

/// The place before an instruction.
#[derive(Clone, Copy, Default)]
struct Point {
    /// Operands on the stack; `None` where control never comes.
    depth: Option<u16>,
    /// A block begins here.
    leader: bool,
    /// Control comes here other than from the instruction before.
    target: bool,
    in_loop: bool,
    /// A handler begins here.
    handler: bool,
    /// Control never goes on from this instruction to the next.
    ends: bool,
    /// A back edge leads here; this is the last instruction of the loop.
    loop_end: Option<u32>,
}

impl Flow {
    /// Follows all paths through a body.
    pub fn follow(&mut self, code: &Code) {
        let count = code.instrs.len();
        self.points.clear();
        self.points.resize(count + 1, Point::default());
        self.has_loops = false;
        self.pending.push((0, 0));
        for handler in &code.handlers {
            self.mark_target(handler.target as usize);
            self.points[handler.target as usize].handler = true;
            let operands = handler.operands + 1;
            self.pending.push((handler.target as usize, operands));
        }
        while let Some((mut pc, mut depth)) = self.pending.pop() {
            while pc < count && self.points[pc].depth.is_none() {
                self.points[pc].depth = Some(depth);
                let instr = code.instrs[pc];
                let Effect {
                    pops,
                    pushes,
                    jump_pushes,
                    ends,
                } = effect(code, instr);
                let below = depth.saturating_sub(pops);
                let target = instr.target();
                if let Some(target) = target {
                    self.mark_target(target);
                    if instr.op == Op::JumpBack {
                        let point = &mut self.points[target];
                        point.loop_end = point.loop_end.max(Some(pc as u32));
                        self.has_loops = true;
                    }
                    self.pending.push((target, below + jump_pushes));
                }
                if ends {
                    self.points[pc].ends = true;
                    break;
                }
                if target.is_some() {
                    self.points[pc + 1].leader = true;
                }
                depth = below + pushes;
                pc += 1;
            }
        }
        self.mark_loops();
        self.note_last_uses(code);
    }

    fn mark_target(&mut self, pc: usize) {
        self.points[pc].leader = true;
        self.points[pc].target = true;
    }

    fn mark_loops(&mut self) {
        let mut reach = None;
        for (pc, point) in self.points.iter_mut().enumerate() {
            reach = reach.max(point.loop_end);
            point.in_loop = reach.is_some_and(|end| pc <= end as usize);
        }
    }

    /// Variables that loops use are used until their end.
    fn note_last_uses(&mut self, code: &Code) {
        self.last_uses.clear();
        self.last_uses.resize(code.locals as usize, None);
        let mut reach = None;
        for (pc, &instr) in code.instrs.iter().enumerate() {
            let pc = pc as u32;
            reach = reach.max(self.points[pc as usize].loop_end);
            for slot in used_locals(instr) {
                // Instructions that need no variable name one that is not there.
                if let Some(last_use) = self.last_uses.get_mut(slot as usize) {
                    *last_use = reach.max(Some(pc));
                }
            }
        }
    }

    /// May a local variable be used by the instruction at `pc` or a later one, other than by its name?
    pub fn is_live(&self, slot: u16, pc: usize) -> bool {
        self.last_uses[slot as usize] >= Some(pc as u32)
    }

    /// Number of operands before an instruction; `None` where control never comes.
    pub fn depth(&self, pc: usize) -> Option<usize> {
        self.points[pc].depth.map(usize::from)
    }

    /// Does a block begin here?
    pub fn is_leader(&self, pc: usize) -> bool {
        self.points[pc].leader
    }

    /// Does control come here other than from the instruction before?
    pub fn is_target(&self, pc: usize) -> bool {
        self.points[pc].target
    }

    /// Does a handler begin here?
    pub fn is_handler(&self, pc: usize) -> bool {
        self.points[pc].handler
    }

    /// Does control never go on to the next instruction?
    pub fn ends(&self, pc: usize) -> bool {
        self.points[pc].ends
    }

    /// The last instruction of the loop that begins here.
    pub fn loop_end(&self, pc: usize) -> Option<usize> {
        self.points[pc].loop_end.map(|end| end as usize)
    }

    /// Does the instruction lie in a loop?
    pub fn in_loop(&self, pc: usize) -> bool {
        self.points[pc].in_loop
    }

    /// Are there loops?
    pub fn has_loops(&self) -> bool {
        self.has_loops
    }
}
