//! A description of a program's parts for other tools.

use gene_vm::Vm;
use gene_vm::code::{FunctionKind, Param, ParamKind, Prototype};
use gene_vm::compile::SideEntry;
use gene_vm::heap::Gc;
use gene_vm::object::Gene;
use gene_vm::symbol::sym;
use serde_json::{Value, json};

/// What a program exports, the types it makes and its functions.
pub fn of(vm: &Vm, bodies: &[Gc<Prototype>]) -> Value {
    let codes = bodies.iter().filter_map(|body| body.code.get());
    let (mut exports, mut types) = (Vec::new(), Vec::new());
    for entry in codes.flat_map(|code| &code.side) {
        match entry {
            SideEntry::Export(names) => exports.extend(names.iter().map(|name| json!(name.name()))),
            SideEntry::Class { name } => types.push(json!({"kind": "class", "name": name.name()})),
            SideEntry::Enum { name, variants } => {
                let variants: Vec<&str> = variants.iter().map(|v| v.name.name()).collect();
                types.push(json!({"kind": "enum", "name": name.name(), "variants": variants}));
            }
            _ => {}
        }
    }
    let is_function = |body: &&Gc<Prototype>| body.kind != FunctionKind::Body;
    let functions = bodies.iter().filter(is_function);
    let functions: Vec<Value> = functions.map(|body| function(vm, body)).collect();
    json!({"exports": exports, "types": types, "functions": functions})
}

fn function(vm: &Vm, body: &Prototype) -> Value {
    let form = body.form.get::<Gene>();
    let intent = form.and_then(|form| form.props.get(&sym::INTENT).copied());
    let parameters = body.params.iter().skip(body.is_method as usize);
    json!({
        "name": body.name.map(|name| name.name()),
        "kind": match body.kind {
            _ if body.is_method => "method",
            FunctionKind::Macro => "macro",
            FunctionKind::Generator => "generator",
            FunctionKind::Async => "async",
            FunctionKind::Block => "block",
            FunctionKind::Function | FunctionKind::Body => "function",
        },
        "parameters": parameters.map(parameter).collect::<Vec<_>>(),
        "returns": body.return_type.as_ref().map(|of| &*of.text),
        "intent": intent.as_ref().and_then(|intent| intent.as_str()),
        "line": vm.sources.location(body.pos).map(|place| place.line),
    })
}

fn parameter(param: &Param) -> Value {
    json!({
        "name": param.name.name(),
        "kind": match param.kind {
            ParamKind::Positional => "positional",
            ParamKind::Rest => "rest",
            ParamKind::Keyword => "keyword",
            ParamKind::KeywordRest => "keyword-rest",
        },
        "optional": param.optional,
        "type": param.annotation.as_ref().map(|of| &*of.text),
    })
}
