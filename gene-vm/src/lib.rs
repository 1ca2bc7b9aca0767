//! The Gene virtual machine.
