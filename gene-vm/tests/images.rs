//! Compiled programs as bytes: they do what the source does, and bytes that are not what was written are refused.

use gene_vm::image::{Image, Unusable, image};
use gene_vm::program::Program;
use gene_vm::vm::Options;
use gene_vm::{Vm, print};

const PROGRAM: &str = r##"
(class Account
  (field owner: String)
  (ctor [/owner /balance = 0])
  (method deposit [amount: Int] ^intent "adds" (/balance += amount) self))
(enum Shape (Circle radius) Point)
(var Circle Shape/Circle)
(fn sum [first rest... ^scale = 1] (var total first) (for r in rest (total += r)) (total * scale))
(fn counter [] (var n 0) (fn [] (n += 1) n))
(fn checked [x] ^pre [(x > 0)] x)
(var next (counter))
(next)
(var {^k v} {^k 140737488355328})
(var a ((new Account "Ada") .deposit 40))
[a/owner a/balance (Circle 2) (sum 1 2 3 ^scale 10) (next) v 1.5 'c' `(quoted %v [1 "s"])
 (try (checked 0) catch * $ex/message) (try (a .deposit "x") catch TypeException "type")
 (#/b+/i .match? "aBc") #"v is #{v}"]
"##;

fn built(text: &str) -> Vec<u8> {
    let mut vm = Vm::new(Options::default());
    let program = Program::new(&mut vm, "p.gene", text).expect("it compiles");
    image(&vm, &program, "p.gene", text)
}

fn run(mut vm: Box<Vm>, program: impl FnOnce(&mut Vm) -> Program) -> String {
    let program = program(&mut vm);
    match program.run(&mut vm) {
        Ok(value) => print::written(value),
        Err(raise) => vm.report(&raise.into()).to_string(),
    }
}

fn from_image(bytes: &[u8], options: Options) -> String {
    let image = Image::open(bytes).expect("it is as it was written");
    run(Vm::new(options), |vm| {
        image.program(vm).expect("it was compiled before")
    })
}

fn from_text(text: &str, options: Options) -> String {
    run(Vm::new(options), |vm| {
        Program::new(vm, "p.gene", text).expect("it compiles")
    })
}

#[test]
fn an_image_does_what_its_source_does() {
    let expected = from_text(PROGRAM, Options::default());
    assert!(expected.starts_with("[\"Ada\" 40 "), "{expected}");
    assert_eq!(from_image(&built(PROGRAM), Options::default()), expected);
}

#[test]
fn it_holds_more_than_the_text_unless_code_needs_names() {
    assert!(built(PROGRAM).len() > PROGRAM.len() + 1_000);
    for text in [
        "(var x 20) (eval `(x + 1))",
        "(fn m! [form] ($caller_eval form)) (var x 20) (m! (x + 1))",
        "(fn f [] (break)) (try (f) catch * 21)",
    ] {
        let bytes = built(text);
        assert!(bytes.len() < text.len() + 60, "{text}");
        assert_eq!(from_image(&bytes, Options::default()), "21", "{text}");
    }
}

#[test]
fn places_of_errors_are_those_of_the_source() {
    let text = "(fn f [x]\n  (x % 0))\n(f 1)";
    assert_eq!(
        from_image(&built(text), Options::default()),
        "RuntimeException: Modulo by zero (p.gene:2:3)"
    );
}

#[test]
fn other_settings_are_heeded() {
    let text = "(fn f [x: Int] ^pre [(x != \"s\")] x) (f \"s\")";
    let options = Options {
        contracts: false,
        type_checks: false,
        ..Options::default()
    };
    assert_eq!(from_image(&built(text), options), "\"s\"");
}

#[test]
fn freezing_finds_what_a_loaded_function_captures() {
    let text = "(fn make [] (var kept [1 2]) (fn [] kept)) (var f (make)) (freeze f) (try ((f) .add 3) catch * \"frozen\")";
    assert_eq!(
        from_image(&built(text), Options::default()),
        from_text(text, Options::default())
    );
}

#[test]
fn damage_is_noticed_wherever_it_is() {
    let bytes = built(PROGRAM);
    for end in 0..bytes.len() {
        assert!(Image::open(&bytes[..end]).is_err(), "cut at {end}");
    }
    let mut flipped = bytes.clone();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            flipped[at] ^= 1 << bit;
            assert!(Image::open(&flipped).is_err(), "bit {bit} of byte {at}");
            flipped[at] ^= 1 << bit;
        }
    }
    assert!(Image::open(&[bytes, vec![0]].concat()).is_err());
}

#[test]
fn what_is_wrong_is_told() {
    let why = |bytes: &[u8]| Image::open(bytes).err();
    assert_eq!(why(b""), Some(Unusable::Foreign));
    assert_eq!(why(b"(println 1)"), Some(Unusable::Foreign));
    let mut bytes = built("1");
    assert_eq!(why(&bytes[..20]), Some(Unusable::Damaged));
    bytes[8] ^= 1;
    assert_eq!(why(&bytes), Some(Unusable::OtherVersion));
}
