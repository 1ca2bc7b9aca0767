//! What every value can be asked, and the methods of Class (2.6, 2.9, 7.8, 14.2).

use super::arguments::{is_function, name_text};
use super::iterators::range_len;
use super::numbers::truncate;
use crate::heap::Gc;
use crate::object::*;
use crate::print::{Form, write_value, written};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

const OBJECT_METHODS: super::Natives = &[("class", class), ("to_s", to_s), ("is", is), ("to", to)];

const NIL_METHODS: super::Natives = &[
    ("to_bool", no),
    ("empty", yes),
    ("empty?", yes),
    ("not_empty?", no),
];

const VOID_METHODS: super::Natives = &[("empty", yes), ("empty?", yes), ("not_empty?", no)];

const CLASS_METHODS: super::Natives = &[
    ("name", class_name),
    ("parent", parent),
    ("method_intent", method_intent),
];

const FUNCTIONS: super::Natives = &[("typeof", type_of), ("len", len)];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.object, OBJECT_METHODS);
    vm.define_methods(vm.builtins.classes.nil, NIL_METHODS);
    vm.define_methods(vm.builtins.classes.void, VOID_METHODS);
    vm.define_methods(vm.builtins.classes.class, CLASS_METHODS);
    vm.define_functions(vm.builtins.global, FUNCTIONS);
}

fn yes(_: &mut Vm, _: Args) -> Result {
    Ok(Value::TRUE)
}

fn no(_: &mut Vm, _: Args) -> Result {
    Ok(Value::FALSE)
}

fn class(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::object(vm.class_of(args[0])))
}

fn to_s(vm: &mut Vm, args: Args) -> Result {
    let value = args[0];
    if value.as_str().is_some() {
        return Ok(value);
    }
    if let Some(int) = value.as_small_int() {
        return Ok(vm.heap.string(itoa::Buffer::new().format(int)));
    }
    Ok(vm.build_string(|text| {
        if let Some(class) = value.get::<Class>() {
            text.push_str(class.name.name());
        } else if let Some(namespace) = value.get::<Namespace>() {
            text.push_str(namespace.name.name());
        } else if !value.is_nil() {
            write_value(text, value, Form::Written);
        }
    }))
}

/// As the operator `is`, but with `Object` every descendant of that class is meant, and types must be values.
fn is(vm: &mut Vm, args: Args) -> Result {
    let of = args.get(1).unwrap_or(Value::NIL);
    if let Some(class) = of.get::<Class>() {
        return Ok(Value::bool(vm.class_of(args[0]).is_subclass_of(class)));
    }
    let is_type = of.get::<TypeValue>().is_some() || of.get::<Enum>().is_some();
    match vm.is_a(args[0], of).filter(|_| is_type) {
        Some(answer) => Ok(Value::bool(answer)),
        None => {
            Err(vm.bad_argument("Object.is expects a class or instance as the second argument"))
        }
    }
}

fn to(vm: &mut Vm, args: Args) -> Result {
    let value = args[0];
    let target = args.get(1).unwrap_or(Value::NIL);
    let name = match target.get::<Class>() {
        Some(class) => class.name.name(),
        None => match name_text(&target) {
            Some(name) => name,
            None => return Err(vm.bad_argument("Object.to expects a class or type name")),
        },
    };
    if vm.is_a(value, target) == Some(true) {
        return Ok(value);
    }
    let of = Symbol::find(name);
    if let Some(converted) = of.and_then(|of| vm.convert_number(value, of)) {
        return Ok(converted);
    }
    let from = vm.type_name(value);
    Err(vm.raise(
        ErrorClass::Type,
        format!("Type error: cannot convert {from} to {name}"),
    ))
}

fn class_name(vm: &mut Vm, args: Args) -> Result {
    let class: Gc<Class> = vm.receiver(args)?;
    Ok(vm.heap.string(class.name.name()))
}

fn parent(vm: &mut Vm, args: Args) -> Result {
    let class: Gc<Class> = vm.receiver(args)?;
    Ok(class.parent.map_or(Value::NIL, Value::object))
}

fn method_intent(vm: &mut Vm, args: Args) -> Result {
    let class: Gc<Class> = vm.receiver(args)?;
    let name = vm.required(args, 1, "Class.method_intent requires a method name")?;
    let Some(name) = name_text(&name) else {
        return Err(vm.bad_argument("Class.method_intent expects a string or symbol"));
    };
    let method = Symbol::find(name).and_then(|name| class.find_method(name));
    let form = method
        .and_then(|method| method.get::<Function>())
        .and_then(|function| function.prototype.form.get::<Gene>());
    let intent = form.and_then(|form| form.props.get(&sym::INTENT).copied());
    Ok(intent.unwrap_or(Value::NIL))
}

fn type_of(vm: &mut Vm, args: Args) -> Result {
    if args.len() != 1 {
        return Err(vm.bad_argument("typeof expects exactly 1 argument"));
    }
    let name = vm.type_name(args[0]);
    Ok(vm.heap.string(name))
}

fn len(vm: &mut Vm, args: Args) -> Result {
    let value = vm.required(args, 0, "len requires 1 argument (collection)")?;
    let len = if let Some(string) = value.get::<Str>() {
        string.char_count()
    } else if let Some(array) = value.get::<Array>() {
        array.items.len()
    } else if let Some(map) = value.get::<Map>() {
        map.entries.len()
    } else if let Some(map) = value.get::<HashMap>() {
        map.entries.len()
    } else if let Some(set) = value.get::<HashSet>() {
        set.members.len()
    } else if let Some(gene) = value.get::<Gene>() {
        gene.children.len()
    } else if let Some(range) = value.get::<Range>() {
        let (start, end, step) = vm.range_bounds(range)?;
        let len = range_len(start, end, step);
        return Ok(vm.heap.int(i64::try_from(len).unwrap_or(i64::MAX)));
    } else {
        0
    };
    Ok(Value::len(len))
}

impl Vm {
    /// Converts between Int and Float, the type `of`; losing digits gives a warning.
    pub(crate) fn convert_number(&mut self, value: Value, of: Symbol) -> Option<Value> {
        match of {
            sym::TYPE_FLOAT => value.as_int().map(|int| Value::float(int as f64)),
            sym::TYPE_INT => {
                let float = value.as_float()?;
                let int = truncate(float)?;
                if float.fract() != 0.0 {
                    let shown = written(value);
                    self.io.print_error(&format!(
                        "Warning: the conversion of {shown} to Int loses digits\n"
                    ));
                }
                Some(self.heap.int(int))
            }
            _ => None,
        }
    }

    /// `(value is of)` (2.6); `None` when `of` is no type.
    pub fn is_a(&self, value: Value, of: Value) -> Option<bool> {
        if let Some(class) = of.get::<Class>() {
            return Some(self.is_instance_of(value, class));
        }
        if let Some(of) = of.get::<TypeValue>() {
            return Some(self.matches_type(&of.of, &[], value));
        }
        if of.get::<Enum>().is_some() {
            let variant = match value.get::<EnumValue>() {
                Some(value) => Some(value.variant),
                None => value.get::<Variant>(),
            };
            return Some(variant.is_some_and(|variant| variant.of == of));
        }
        let is_type = name_text(&of).is_some() || of.get::<Gene>().is_some();
        is_type.then(|| self.matches_expression(value, of))
    }

    /// All values descend from `Object`, but only instances, and among them no exceptions, are said to be objects.
    fn is_instance_of(&self, value: Value, class: Gc<Class>) -> bool {
        let own = self.class_of(value);
        own.is_subclass_of(class)
            && (class != self.builtins.classes.object
                || crate::print::kind_name(value) == "VkInstance")
    }

    /// A type as a name or as a quoted expression: `(A | B)`, `(Array T)`, whose arguments are not checked.
    fn matches_expression(&self, value: Value, of: Value) -> bool {
        let mut alternatives = vec![of];
        while let Some(alternative) = alternatives.pop() {
            if let Some(name) = name_text(&alternative) {
                if self.is_named_type(value, name) {
                    return true;
                }
            } else if let Some(gene) = alternative.get::<Gene>() {
                alternatives.push(gene.head);
                for pair in gene.children.chunks(2) {
                    if let &[bar, member] = pair
                        && bar.is_symbol(sym::PIPE)
                    {
                        alternatives.push(member);
                    }
                }
            }
        }
        false
    }

    /// Does a value belong to the built-in type or the class of this name?
    pub fn is_named_type(&self, value: Value, name: &str) -> bool {
        match name {
            "Any" => true,
            "Numeric" => value.as_number().is_some(),
            "Function" => is_function(value),
            "Object" => self.is_instance_of(value, self.builtins.classes.object),
            "Collection" => ["Array", "Map", "HashMap", "HashSet"].contains(&self.type_name(value)),
            _ => {
                self.type_name(value) == name
                    || self
                        .class_of(value)
                        .ancestry()
                        .any(|class| class.name.name() == name)
            }
        }
    }
}
