//! Helpers are called as their declarations say.

mod generated {
    use super::{Count, Flag, RAISED, Value};
    gene_isle::rules!("tests/rules/helpers.isle");
}
use generated::{ClassId, Context, HELPERS, HelperClass, HelperId};

mod runtime {
    pub extern "C" fn slow_add(a: u64, b: u64) -> u64 {
        a + b
    }
    pub extern "C" fn note(_flag: bool) {}
    pub extern "C" fn half(count: u32) -> u32 {
        count / 2
    }
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value(u8);
/// A flag known while compiling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flag(bool);
/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count;
const RAISED: Flag = Flag(true);

impl HelperClass for Value {
    type Native = u64;
    fn of_word(word: u64) -> u64 {
        word
    }
    fn into_word(value: u64) -> u64 {
        value
    }
}
impl HelperClass for Count {
    type Native = u32;
    fn of_word(word: u64) -> u32 {
        word as u32
    }
    fn into_word(value: u32) -> u64 {
        value.into()
    }
}
impl HelperClass for Flag {
    type Native = bool;
    fn of_word(word: u64) -> bool {
        word != 0
    }
    fn into_word(value: bool) -> u64 {
        value.into()
    }
}

#[derive(Default)]
struct Log(Vec<String>);

impl Context for Log {
    fn begin_call(&mut self, helper: HelperId) {
        self.0.push(format!("begin {}", helper.info().name));
    }
    fn pass_value(&mut self, index: usize, value: Value) {
        self.0.push(format!("{index} = v{}", value.0));
    }
    fn pass_flag(&mut self, index: usize, value: Flag) {
        self.0.push(format!("{index} = {}", value.0));
    }
    fn call(&mut self, helper: HelperId) {
        let info = helper.info();
        self.0.push(format!(
            "call, safepoint {}, check {}",
            info.is_safepoint(),
            info.may_raise
        ));
    }
    fn take_value(&mut self, _helper: HelperId) -> Value {
        Value(9)
    }
    fn take_unit(&mut self, _helper: HelperId) {}
}

#[test]
fn calls_pass_arguments_in_order_and_know_their_effects() {
    let mut log = Log::default();
    let result = generated::constructor_sum(&mut log, Value(1), Value(2));
    assert_eq!(result, Value(9));
    assert_eq!(
        log.0,
        [
            "begin note",
            "0 = true",
            "call, safepoint false, check false",
            "begin slow_add",
            "0 = v1",
            "1 = v2",
            "call, safepoint true, check true",
        ]
    );
}

#[test]
fn helpers_have_addresses() {
    assert_eq!(HELPERS.len(), 3);
    assert_eq!(
        HelperId::SlowAdd.address(),
        runtime::slow_add as *const () as usize
    );
}

#[test]
fn helpers_know_their_classes() {
    let info = HelperId::SlowAdd.info();
    assert_eq!(info.args, [ClassId::Value, ClassId::Value]);
    assert_eq!(info.result, ClassId::Value);
    assert_eq!(HelperId::Note.info().result, ClassId::Unit);
}

#[test]
fn simulated_code_can_call_them() {
    // SAFETY: they take any words.
    let results = unsafe {
        [
            HelperId::SlowAdd.invoke(&[20, 22, 99]),
            HelperId::Note.invoke(&[1]),
            HelperId::Half.invoke(&[9]),
        ]
    };
    assert_eq!(results, [42, 0, 4]);
}
