//! Modules: files, their namespaces, import and export (page 11).

use crate::compile::{Module, ModuleKind};
use crate::heap::{Gc, Tracer};
use crate::object::*;
use crate::print::kind_name;
use crate::source::Pos;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Result, Vm};
use std::path::{Component, Path, PathBuf};

/// The modules that were loaded.
#[derive(Default)]
pub struct Modules {
    /// By absolute path; each file runs once.
    loaded: Vec<(PathBuf, Gc<Namespace>)>,
    /// Files whose import is under way, outermost first.
    loading: Vec<PathBuf>,
}

impl Modules {
    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        for (_, namespace) in &self.loaded {
            tracer.object(*namespace);
        }
    }
}

/// One thing that an import binds.
struct Item {
    /// The path to the member; `*` as the last part stands for all members.
    path: Vec<Symbol>,
    alias: Symbol,
}

/// An import form, taken apart.
struct Import {
    items: Vec<Item>,
    /// The specifier of a module file.
    from: Option<String>,
}

impl Vm {
    /// A namespace for a module, with its predefined members.
    pub(crate) fn module_namespace(&mut self, name: &str, is_main: bool) -> Gc<Namespace> {
        let module_name = self.heap.string(name);
        let mut namespace = self
            .heap
            .alloc(Namespace::new(Symbol::intern(name), Value::NIL));
        let members = &mut namespace.members;
        members.insert(sym::IS_MAIN, Value::bool(is_main));
        members.insert(sym::MODULE_NAME, module_name);
        members.insert(sym::GENE, Value::object(self.builtins.gene));
        members.insert(sym::GENEX, Value::object(self.builtins.genex));
        self.names_changed();
        namespace
    }

    /// Runs a compiled module and answers its value.
    pub(crate) fn run_module(&mut self, module: &Module, namespace: Gc<Namespace>) -> Result {
        let scope = self.heap.scope(Value::NIL, module.slots);
        self.run_module_in(module, namespace, scope)
    }

    /// Runs a compiled module whose variables are in `scope`.
    pub(crate) fn run_module_in(
        &mut self,
        module: &Module,
        namespace: Gc<Namespace>,
        scope: Gc<Scope>,
    ) -> Result {
        let scope = Value::object(scope);
        let function = self.module_function(module, namespace, scope);
        let top = self.context.stack_top;
        self.root(scope);
        self.root(Value::object(namespace));
        let value = self.call(function, &[]);
        self.context.stack_top = top;
        value
    }

    /// The function whose body is the module's.
    pub(crate) fn module_function(
        &mut self,
        module: &Module,
        namespace: Gc<Namespace>,
        scope: Value,
    ) -> Value {
        self.heap.value(Function {
            scope,
            code: std::cell::Cell::new(std::ptr::null()),
            namespace: Value::object(namespace),
            class: Value::NIL,
            prototype: module.prototype,
        })
    }

    /// Makes a module known, so that its namespace stays alive and the module is not loaded again.
    pub(crate) fn note_module(&mut self, path: PathBuf, namespace: Gc<Namespace>) {
        self.modules.loaded.push((path, namespace));
    }

    /// Carries out an import form for the module that owns `importer`.
    pub(crate) fn import(&mut self, form: Value, importer: Value) -> Result<()> {
        let import = self.read_import(form)?;
        let namespace = match &import.from {
            Some(specifier) => Some(self.load_module(specifier, form)?),
            None => None,
        };
        for item in &import.items {
            self.import_item(item, namespace, importer)?;
        }
        Ok(())
    }

    // ── The form ───────────────────────────────────────────────────────────

    fn read_import(&mut self, form: Value) -> Result<Import> {
        let gene = form
            .get::<Gene>()
            .expect("the compiler passes import forms");
        let mut import = Import {
            items: Vec::new(),
            from: None,
        };
        let mut parts = gene.children.iter().copied().peekable();
        while let Some(part) = parts.next() {
            if part.is_symbol(sym::FROM) {
                match parts
                    .next()
                    .and_then(|path| path.as_str().map(str::to_owned))
                {
                    Some(path) => import.from = Some(path),
                    None => {
                        return Err(
                            self.import_error("'from' must be followed by a string module path")
                        );
                    }
                }
            } else if let Some(name) = part.as_symbol() {
                import.items.push(item(&[], name));
            } else if let Some(path) = part.get::<ComplexSymbol>() {
                let (&last, prefix) = path
                    .into_ref()
                    .parts
                    .split_last()
                    .expect("a path has parts");
                match parts.peek().and_then(|next| next.get::<Array>()) {
                    Some(group) if last == sym::EMPTY => {
                        parts.next();
                        for &member in group.items.iter() {
                            match member.as_symbol() {
                                Some(name) => import.items.push(item(prefix, name)),
                                None => return Err(self.invalid_item(member)),
                            }
                        }
                    }
                    _ => import.items.push(item(prefix, last)),
                }
            } else {
                return Err(self.invalid_item(part));
            }
        }
        Ok(import)
    }

    fn invalid_item(&mut self, item: Value) -> Raise {
        self.import_error(format!("Invalid import item type: {}", kind_name(item)))
    }

    fn import_error(&mut self, message: impl AsRef<str>) -> Raise {
        self.raise(ErrorClass::Exception, message)
    }

    // ── Members ────────────────────────────────────────────────────────────

    fn import_item(
        &mut self,
        item: &Item,
        module: Option<Gc<Namespace>>,
        importer: Value,
    ) -> Result<()> {
        let (mut namespace, path) = match module {
            Some(namespace) => (namespace, &item.path[..]),
            None => {
                let root = match item.path[0] {
                    sym::GENE => self.builtins.gene,
                    sym::GENEX => self.builtins.genex,
                    sym::GLOBAL => self.builtins.global,
                    _ => {
                        return Err(
                            self.import_error("Module path not specified in import statement")
                        );
                    }
                };
                if item.path.len() == 1 {
                    return Err(self.import_error("Module path not specified in import statement"));
                }
                (root, &item.path[1..])
            }
        };
        let shown = || {
            item.path
                .iter()
                .map(|part| part.name())
                .collect::<Vec<_>>()
                .join("/")
        };
        let (&last, prefix) = path.split_last().expect("an item names something");
        if let Some(&first) = path.first()
            && first != sym::MUL
            && namespace
                .exports
                .as_ref()
                .is_some_and(|exports| !exports.contains(&first))
        {
            return Err(self.import_error(format!(
                "[GENE.IMPORT.EXPORT_MISSING] Cannot import '{first}' from module with explicit exports"
            )));
        }
        for &part in prefix {
            let Some(&member) = namespace.members.get(&part) else {
                return Err(self.import_error(format!("Symbol '{part}' not found in namespace")));
            };
            match member.get::<Namespace>() {
                Some(inner) => namespace = inner,
                None => return Err(self.import_error(format!("'{part}' is not a namespace"))),
            }
        }
        if last == sym::MUL {
            for (name, value) in importable(namespace) {
                self.define_name(importer, name, value);
            }
            return Ok(());
        }
        match namespace.members.get(&last) {
            Some(&value) => {
                self.define_name(importer, item.alias, value);
                Ok(())
            }
            None if module.is_some() => {
                Err(self.import_error(format!("Symbol '{last}' not found in namespace")))
            }
            None => Err(self.import_error(format!("Symbol '{}' not found in namespace", shown()))),
        }
    }

    /// Sets the export list of a module.
    pub(crate) fn export(&mut self, names: &[Symbol], module: Value) -> Result<()> {
        let Some(mut namespace) = module.get::<Namespace>() else {
            return Err(self.import_error("export requires a module"));
        };
        for &name in names {
            if !namespace.members.contains_key(&name) {
                return Err(self.import_error(format!("Cannot export '{name}': value not found")));
            }
        }
        namespace.exports.get_or_insert_default().extend(names);
        Ok(())
    }

    // ── Files ──────────────────────────────────────────────────────────────

    /// The namespace of the module that a specifier names; the file runs if it has not run yet.
    fn load_module(&mut self, specifier: &str, form: Value) -> Result<Gc<Namespace>> {
        let pos = Pos(form.get::<Gene>().map_or(0, |gene| gene.header().aux));
        let importer = self
            .sources
            .source(pos)
            .map_or(String::new(), |(source, _)| source.name.to_string());
        let path = self.resolve_module(specifier, &importer)?;
        if let Some((_, namespace)) = self
            .modules
            .loaded
            .iter()
            .find(|(loaded, _)| *loaded == path)
        {
            return Ok(*namespace);
        }
        if self.modules.loading.is_empty() && !importer.starts_with('<') {
            self.modules.loading.push(absolute(Path::new(&importer)));
        }
        if let Some(start) = self
            .modules
            .loading
            .iter()
            .position(|loading| *loading == path)
        {
            let cycle = self.modules.loading[start..].iter().chain([&path]);
            let cycle: Vec<String> = cycle.map(|path| path.display().to_string()).collect();
            let cycle = cycle.join(" -> ");
            return Err(self.import_error(format!(
                "[GENE.MODULE.CYCLE] Cyclic import detected: {cycle}"
            )));
        }
        self.modules.loading.push(path.clone());
        let namespace = self.run_file(&path);
        self.modules.loading.pop();
        let namespace = namespace?;
        self.modules.loaded.push((path, namespace));
        Ok(namespace)
    }

    fn run_file(&mut self, path: &Path) -> Result<Gc<Namespace>> {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                return Err(self.raise(
                    ErrorClass::Io,
                    format!("Failed to read file '{name}': {error}"),
                ));
            }
        };
        let forms = match crate::reader::read_all(self, &name, &text) {
            Ok(forms) => forms,
            Err(error) => return Err(self.raise(ErrorClass::Parse, error.message)),
        };
        let symbol = Symbol::intern(&name);
        let module = match crate::compile::module(self, &forms, symbol, ModuleKind::Imported, None)
        {
            Ok(module) => module,
            Err(errors) => return Err(self.raise_compile_error(&errors[0])),
        };
        self.warn(&module.warnings);
        let namespace = self.module_namespace(&name, false);
        self.run_module(&module, namespace)?;
        Ok(namespace)
    }

    /// The file of a specifier (11.5).
    fn resolve_module(&mut self, specifier: &str, importer: &str) -> Result<PathBuf> {
        let directory = if importer.starts_with('<') || importer.is_empty() {
            absolute(Path::new("."))
        } else {
            absolute(Path::new(importer))
                .parent()
                .map(Path::to_path_buf)
                .unwrap_or_default()
        };
        let mut tiers = vec![vec![directory.clone()]];
        if let Some(root) = directory
            .ancestors()
            .find(|dir| dir.join("package.gene").is_file())
        {
            let bases = ["", "src", "lib", "build"]
                .iter()
                .map(|dir| normalized(&root.join(dir)));
            tiers.push(bases.collect());
        }
        if let Ok(roots) = std::env::var("GENE_WORKSPACE_PATH") {
            tiers.push(
                roots
                    .split(':')
                    .filter(|root| !root.is_empty())
                    .map(|root| Path::new(root).join("src"))
                    .collect(),
            );
        }
        let relative = specifier.trim_start_matches('/');
        let mut searched = Vec::new();
        for bases in tiers {
            let mut found: Vec<PathBuf> = Vec::new();
            for base in bases {
                let plain = normalized(&base.join(relative));
                let mut candidates = vec![plain.clone()];
                if !specifier.ends_with(".gene") && !specifier.ends_with(".gir") {
                    candidates.insert(0, with_suffix(&plain));
                }
                let is_absolute = specifier.starts_with('/');
                found.extend(
                    candidates
                        .into_iter()
                        .filter(|path| !is_absolute && path.is_file()),
                );
                searched.push(base.display().to_string());
            }
            found.dedup();
            match &found[..] {
                [] => {}
                [path] => return Ok(path.clone()),
                several => {
                    let several: Vec<String> = several
                        .iter()
                        .map(|path| path.display().to_string())
                        .collect();
                    return Err(self.import_error(format!(
                        "[GENE.MODULE.AMBIGUOUS] Module specifier matched multiple candidates in the 'importer' tier ({})",
                        several.join(", ")
                    )));
                }
            }
        }
        Err(self.import_error(format!(
            "[GENE.MODULE.NOT_FOUND] Module '{specifier}' was not found (importer={importer}; specifier={specifier}; searched=[{}])",
            searched.join(", ")
        )))
    }
}

/// The members that `*` imports.
fn importable(namespace: Gc<Namespace>) -> Vec<(Symbol, Value)> {
    let namespace = namespace.into_ref();
    let is_bookkeeping = |name: &str| name.starts_with("__") && name.ends_with("__");
    let members = namespace
        .members
        .iter()
        .map(|(&name, &value)| (name, value));
    members
        .filter(|(name, _)| match &namespace.exports {
            Some(exports) => exports.contains(name),
            None => !is_bookkeeping(name.name()) && !matches!(*name, sym::GENE | sym::GENEX),
        })
        .collect()
}

/// `name` or `name:alias` below a path.
fn item(prefix: &[Symbol], name: Symbol) -> Item {
    let (name, alias) = match name.name().split_once(':') {
        Some((name, alias)) => (Symbol::intern(name), Symbol::intern(alias)),
        None => (name, name),
    };
    Item {
        path: prefix.iter().copied().chain([name]).collect(),
        alias,
    }
}

fn with_suffix(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gene");
    name.into()
}

fn absolute(path: &Path) -> PathBuf {
    normalized(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// Without `.` and `..`, by spelling.
fn normalized(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            part => result.push(part),
        }
    }
    result
}
