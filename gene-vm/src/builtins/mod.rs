//! Built-in classes, namespaces and functions.
//!
//! Each topic is a module with tables of natives; [`Builtins::install`] puts them in place.

mod arguments;
mod array_callbacks;
mod arrays;
mod encoding;
mod env;
mod events;
mod files;
mod freeze;
mod functions;
mod futures;
mod generators;
mod genes;
mod handles;
mod hash;
mod hash_maps;
mod hash_sets;
pub mod io;
mod iterators;
mod json;
mod maps;
mod namespaces;
pub mod numbers;
mod paths;
mod patterns;
mod process;
mod reflect;
mod regex;
mod selectors;
mod serdes;
mod signals;
mod strings;
mod subprocess;
mod time;

use crate::heap::{Gc, Heap, Tracer};
use crate::object::{Class, Enum, Namespace, NativeFn, NativeFunction};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::Vm;
use rustc_hash::FxHashMap;

macro_rules! classes {
    ($($field:ident $name:literal $parent:ident,)*) => {
        /// The built-in classes.
        pub struct Classes { $(#[doc = concat!("The class `", $name, "`.")] pub $field: Gc<Class>,)* }

        impl Classes {
            fn new(heap: &mut Heap) -> Classes {
                $(let $field = heap.alloc(Class::new(Symbol::intern($name), classes!(@parent $parent)));)*
                Classes { $($field,)* }
            }

            /// All of them, for the global namespace.
            pub fn all(&self) -> Vec<Gc<Class>> {
                vec![$(self.$field),*]
            }
        }
    };
    (@parent none) => { None };
    (@parent $parent:ident) => { Some($parent) };
}

classes! {
    object "Object" none,
    nil "Nil" object,
    void "Void" object,
    bool "Bool" object,
    int "Int" object,
    float "Float" object,
    char "Char" object,
    string "String" object,
    symbol "Symbol" object,
    complex_symbol "ComplexSymbol" object,
    array "Array" object,
    map "Map" object,
    hash_map "HashMap" object,
    hash_set "HashSet" object,
    gene "Gene" object,
    range "Range" object,
    regexp "Regexp" object,
    function "Function" object,
    class "Class" object,
    namespace "Namespace" object,
    date "Date" object,
    time "Time" object,
    date_time "DateTime" object,
    bytes "Bytes" object,
    type_value "Type" object,
    array_iterator "ArrayIterator" object,
    map_iterator "MapIterator" object,
    range_iterator "RangeIterator" object,
    io_handle "IOHandle" object,
    file "File" object,
    exception "Exception" none,
    runtime_exception "RuntimeException" exception,
    type_exception "TypeException" exception,
    argument_exception "ArgumentException" exception,
    io_error "IOError" exception,
    parse_exception "ParseException" exception,
    assertion_exception "AssertionException" exception,
    concurrency_exception "ConcurrencyException" exception,
    timeout_exception "TimeoutException" concurrency_exception,
    cancellation_exception "CancellationException" concurrency_exception,
    thread_exception "ThreadException" concurrency_exception,
    network_exception "NetworkException" exception,
    provider_exception "ProviderException" exception,
    future "Future" none,
    generator "Generator" none,
    selector "Selector" object,
    process "Process" object,
    file_reader "FileReader" object,
    parser "Parser" object,
}

/// Classes without bare names.
const HIDDEN: &[&str] = &[
    "Future",
    "Generator",
    "Selector",
    "Process",
    "FileReader",
    "Parser",
];

/// What the runtime itself provides.
pub struct Builtins {
    /// The classes.
    pub classes: Classes,
    /// `global`: everything that is available as a bare name.
    pub global: Gc<Namespace>,
    /// `gene`: the core runtime.
    pub gene: Gc<Namespace>,
    /// `genex`: optional extensions.
    pub genex: Gc<Namespace>,
    /// The enum `Result`.
    pub result: Gc<Enum>,
    /// The enum `Option`.
    pub option: Gc<Enum>,
    /// Environment variables that the program has set.
    environment: FxHashMap<String, String>,
    pub(crate) events: events::Events,
    on_interrupt: Option<signals::OnInterrupt>,
}

/// A table of natives: names with their functions.
pub type Natives = &'static [(&'static str, NativeFunction)];

impl Builtins {
    /// Empty namespaces and classes without methods.
    pub(crate) fn new(heap: &mut Heap) -> Builtins {
        let namespace = |heap: &mut Heap, name: &str| {
            heap.alloc(Namespace::new(Symbol::intern(name), Value::NIL))
        };
        Builtins {
            classes: Classes::new(heap),
            global: namespace(heap, "global"),
            gene: namespace(heap, "gene"),
            genex: namespace(heap, "genex"),
            result: heap.new_enum(
                sym::RESULT_ENUM,
                [
                    (sym::OK, Some(vec![(sym::VALUE, None)])),
                    (sym::ERR, Some(vec![(sym::ERROR, None)])),
                ],
            ),
            option: heap.new_enum(
                sym::OPTION_ENUM,
                [
                    (sym::SOME, Some(vec![(sym::VALUE, None)])),
                    (sym::NONE, None),
                ],
            ),
            environment: FxHashMap::default(),
            events: events::Events::default(),
            on_interrupt: None,
        }
    }

    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        for class in self.classes.all() {
            tracer.object(class);
        }
        tracer.object(self.global);
        tracer.object(self.gene);
        tracer.object(self.genex);
        tracer.object(self.result);
        tracer.object(self.option);
        self.events.trace(tracer);
        if let Some(on_interrupt) = &self.on_interrupt {
            tracer.value(on_interrupt.handler);
        }
    }

    /// Fills classes and namespaces.
    pub(crate) fn install(vm: &mut Vm) {
        for class in vm.builtins.classes.all() {
            let name = class.name;
            let Builtins { global, gene, .. } = &mut vm.builtins;
            if !HIDDEN.contains(&name.name()) {
                global.members.insert(name, Value::object(class));
            }
            gene.members.insert(name, Value::object(class));
        }
        for of in [vm.builtins.result, vm.builtins.option] {
            let Builtins { global, .. } = &mut vm.builtins;
            global.members.insert(of.name, Value::object(of));
            // Their variants have bare names, too.
            for (&name, &variant) in &of.variants {
                global.members.insert(name, variant);
            }
        }
        for root in [vm.builtins.gene, vm.builtins.genex] {
            let members = &mut vm.builtins.global.members;
            members.insert(root.name, Value::object(root));
        }
        for install in [
            io::install,
            reflect::install,
            freeze::install,
            numbers::install,
            strings::install,
            patterns::install,
            regex::install,
            arrays::install,
            array_callbacks::install,
            maps::install,
            genes::install,
            hash_maps::install,
            hash_sets::install,
            iterators::install,
            generators::install,
            functions::install,
            namespaces::install,
            json::install,
            serdes::install,
            encoding::install,
            env::install,
            handles::install,
            files::install,
            time::install,
            futures::install,
            selectors::install,
            signals::install,
        ] {
            install(vm);
        }
    }
}

impl Vm {
    /// Puts natives into a namespace.
    pub fn define_functions(&mut self, mut namespace: Gc<Namespace>, natives: Natives) {
        for &(name, run) in natives {
            let name = Symbol::intern(name);
            let native = self.heap.value(NativeFn { name, run });
            namespace.members.insert(name, native);
        }
        self.names_changed();
    }

    /// Gives natives to a class as methods; the receiver is argument 0.
    pub fn define_methods(&mut self, mut class: Gc<Class>, natives: Natives) {
        for &(name, run) in natives {
            let name = Symbol::intern(name);
            let native = self.heap.value(NativeFn { name, run });
            class.methods.insert(name, native);
        }
    }

    /// Gives a class a constructor: a native that receives the class as argument 0 and answers the new value.
    pub fn define_constructor(&mut self, mut class: Gc<Class>, run: NativeFunction) {
        let native = self.heap.value(NativeFn {
            name: class.name,
            run,
        });
        class.constructor = Some(native);
    }

    /// A new namespace as a member of another one.
    pub fn define_namespace(&mut self, mut parent: Gc<Namespace>, name: &str) -> Gc<Namespace> {
        let name = Symbol::intern(name);
        let namespace = self.heap.alloc(Namespace::new(name, Value::NIL));
        parent.members.insert(name, Value::object(namespace));
        self.names_changed();
        namespace
    }
}
