//! Base64 (14.8) and the methods of Bytes (14.3).

use crate::heap::Gc;
use crate::object::{Args, Bytes};
use crate::value::Value;
use crate::vm::{Result, Vm};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The standard alphabet; padding is written, and read or missed.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const BYTES_METHODS: super::Natives = &[("size", size), ("to_array", to_array), ("get", get)];

pub(super) fn install(vm: &mut Vm) {
    vm.define_functions(
        vm.builtins.global,
        &[("base64", base64), ("base64_decode", decode)],
    );
    vm.define_functions(
        vm.builtins.gene,
        &[("base64_encode", encode), ("base64_decode", decode)],
    );
    vm.define_methods(vm.builtins.classes.bytes, BYTES_METHODS);
}

fn text_argument<'a>(vm: &mut Vm, args: Args, function: &str) -> Result<&'a str> {
    match args.as_slice().first().and_then(Value::as_str) {
        Some(text) => Ok(text),
        None => Err(vm.bad_argument(format!("{function} requires a string argument"))),
    }
}

fn base64(vm: &mut Vm, args: Args) -> Result {
    let text = text_argument(vm, args, "base64")?;
    Ok(vm.heap.string(BASE64.encode(text)))
}

fn encode(vm: &mut Vm, args: Args) -> Result {
    let text = text_argument(vm, args, "base64_encode")?;
    Ok(vm.heap.string(BASE64.encode(text)))
}

fn decode(vm: &mut Vm, args: Args) -> Result {
    let text = text_argument(vm, args, "base64_decode")?;
    let decoded = BASE64.decode(text).map_err(|error| error.to_string());
    match decoded.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string())) {
        Ok(text) => Ok(vm.heap.string(text)),
        Err(error) => Err(vm.fail(format!("Invalid base64 string: {error}"))),
    }
}

fn size(vm: &mut Vm, args: Args) -> Result {
    let bytes: Gc<Bytes> = vm.receiver(args)?;
    Ok(Value::len(bytes.bytes.len()))
}

fn to_array(vm: &mut Vm, args: Args) -> Result {
    let bytes: Gc<Bytes> = vm.receiver(args)?;
    let numbers = bytes.bytes.iter().map(|&byte| Value::int32(byte.into()));
    let numbers: Vec<Value> = numbers.collect();
    Ok(vm.heap.array(numbers))
}

fn get(vm: &mut Vm, args: Args) -> Result {
    let bytes: Gc<Bytes> = vm.receiver(args)?;
    let index = vm.required(args, 1, "Bytes.get requires an index")?;
    let Some(index) = index.as_int() else {
        return Err(vm.fail("Bytes index must be an integer"));
    };
    let size = bytes.bytes.len();
    let byte = usize::try_from(index).ok().and_then(|i| bytes.bytes.get(i));
    match byte {
        Some(&byte) => Ok(vm.heap.value(Bytes {
            bytes: [byte].into(),
        })),
        None => Err(vm.fail(format!("Bytes index out of bounds: {index} (size: {size})"))),
    }
}
