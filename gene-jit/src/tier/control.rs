//! Where control goes on that cannot go straight on: after wrong guesses, calls in tail position and exceptions.

use super::{CompiledFunction, Shared, Version};
use crate::lower::Site;
use crate::runtime::{Helper, Place};
use gene_vm::heap::Gc;
use gene_vm::object::Function;
use gene_vm::tier::{Resumed, TailCall};
use gene_vm::value::Value;
use gene_vm::vm::Vm;
use std::rc::Rc;

impl Shared {
    /// The call that a return address in compiled code belongs to, and the offset of its code.
    fn site(&self, return_address: usize) -> Option<(Rc<Version>, Site)> {
        let versions = self.versions.borrow();
        let (start, version) = versions.range(..return_address).next_back()?;
        let version = version.upgrade()?;
        let offset = return_address - start;
        let sites = &version.compiled.sites;
        let site = sites
            .binary_search_by_key(&offset, |site| site.offset as usize)
            .ok()?;
        let site = sites[site];
        Some((version, site))
    }

    /// Where code goes to leave its native frame.
    fn jump_exit(&self, version: &Version) -> usize {
        match version.compiled.jump_exit {
            Some(offset) => version.block.address() + offset,
            None => self.thunks().jump_exit,
        }
    }

    fn go_on(&self, place: Place) -> *const Place {
        self.place.set(place);
        self.place.as_ptr()
    }

    /// A guess was wrong before `return_address`: the interpreter is to go on in the frame at `base`.
    ///
    /// # Safety
    /// Compiled code with this frame calls.
    pub(crate) unsafe fn leave(
        &self,
        vm: &mut Vm,
        return_address: usize,
        base: *mut Value,
    ) -> *const Place {
        let site = self.site(return_address);
        let (version, site) = site.expect("every call in compiled code is noted");
        // SAFETY: the function that runs this code is below its frame, so its code is alive.
        let code = unsafe { &*version.code };
        let pc = site.pc.expect("only instructions guess") as usize;
        let (locals, depth) = (code.locals as usize, site.depth as usize);
        // SAFETY: the frame belongs to this code, and has its locals and operands in place.
        let (values, operands) = unsafe {
            (
                std::slice::from_raw_parts(base, locals),
                std::slice::from_raw_parts(base.add(locals), depth),
            )
        };
        vm.context.stack_top = base.wrapping_add(locals + depth);
        let mut data = code.tier_data.borrow_mut();
        let function = data
            .as_mut()
            .and_then(|data| data.downcast_mut::<CompiledFunction>());
        if let Some(function) = function {
            if site.at_header {
                function.feedback.note_loop(pc, values);
            } else {
                function.feedback.note_site(code, pc, values, operands);
            }
            // SAFETY: the frame belongs to this code.
            unsafe { self.note_left(vm, function, code, base) };
        }
        self.resume.set(pc);
        self.go_on(Place {
            address: self.jump_exit(&version),
            base,
            then: self.thunks().of(Helper::Interpret),
        })
    }
    /// Runs the function at `base[-1]` in the interpreter until it returns or compiled code takes over.
    ///
    /// # Safety
    /// The frame is complete, and `resume` is set.
    pub(crate) unsafe fn interpret(&self, vm: &mut Vm, base: *mut Value) -> *const Place {
        // SAFETY: what the caller promises.
        let result = unsafe {
            let function: Gc<Function> = base.sub(1).read().get().expect("a frame has a function");
            vm.resume(function.code.get(), self.resume.get(), base)
        };
        let thunks = self.thunks();
        let address = match result {
            Ok(Resumed::Returned(value)) => {
                // SAFETY: the frame is left, so the callee's slot is free.
                unsafe { base.sub(1).write(value) };
                thunks.return_value
            }
            Ok(Resumed::Compiled(address)) => address,
            Err(_) => thunks.of(Helper::Unwind),
        };
        self.go_on(Place {
            address,
            base,
            then: 0,
        })
    }

    /// Where a function goes after a call in tail position, when it has left its native frame.
    ///
    /// # Safety
    /// The value stack has a callee's slot below `base`, which nobody needs if the call has returned.
    pub(crate) unsafe fn after_tail_call(&self, after: TailCall, base: *mut Value) -> usize {
        let thunks = self.thunks();
        match after {
            TailCall::Returned(value) => {
                // SAFETY: what the caller promises.
                unsafe { base.sub(1).write(value) };
                thunks.return_value
            }
            TailCall::Compiled(address) => address,
            TailCall::Interpret => {
                self.resume.set(0);
                thunks.of(Helper::Interpret)
            }
        }
    }

    /// Where the exception on its way goes on, for code that was called from `return_address` with its frame at `base`.
    ///
    /// # Safety
    /// Compiled code calls.
    pub(crate) unsafe fn unwind(
        &self,
        vm: &mut Vm,
        return_address: usize,
        base: *mut Value,
    ) -> *const Place {
        let Some((version, site)) = self.site(return_address) else {
            return self.go_on(Place {
                address: self.thunks().uncaught,
                base,
                then: 0,
            });
        };
        let base = base.wrapping_byte_sub(site.above as usize);
        let target = site.pc.and_then(|pc| {
            // SAFETY: the function that runs this code is on the value stack, so its code is alive.
            unsafe { vm.catch(&*version.code, pc as usize, base) }
        });
        let address = match target {
            Some(target) => version.block.address() + version.compiled.handlers[&target],
            None => self.jump_exit(&version),
        };
        self.go_on(Place {
            address,
            base,
            then: self.thunks().of(Helper::Unwind),
        })
    }
}
