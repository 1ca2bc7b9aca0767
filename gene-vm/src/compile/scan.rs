//! Scans of forms before they are compiled: which variables inner functions
//! capture, which names a scope declares, what a module assigns to.
//!
//! All scans are by spelling and err on the side of "captured": a name counts as captured
//! when it occurs anywhere inside of an inner function, class or namespace.

use super::environment::Unit;
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

/// Names that inner functions of a body may refer to.
#[derive(Default)]
pub struct Captured {
    /// Every name: `eval`, macro calls or `$render` may look it up.
    all: bool,
    names: FxHashSet<Symbol>,
}

impl Captured {
    /// Every name: code that is not there yet may refer to it.
    pub fn everything() -> Captured {
        Captured {
            all: true,
            names: FxHashSet::default(),
        }
    }

    /// May an inner function refer to this name?
    pub fn contains(&self, name: Symbol) -> bool {
        self.all || self.names.contains(&name)
    }

    /// Scans the forms of one body.
    pub fn of(forms: &[Value], unit: &Unit) -> Captured {
        let mut captured = Captured::default();
        // (form, are we inside of an inner function)
        let mut pending: Vec<(Value, bool)> = forms.iter().map(|&form| (form, false)).collect();
        while let Some((form, inside)) = pending.pop() {
            if let Some(symbol) = form.as_symbol() {
                if inside {
                    captured.add(symbol);
                }
            } else if let Some(path) = form.get::<ComplexSymbol>() {
                if inside {
                    captured.add_path(&path);
                }
            } else if let Some(gene) = form.get::<Gene>() {
                captured.all |= looks_up_by_name(&gene, unit);
                let inside = inside || makes_function(&gene);
                push_parts(&mut pending, &gene, inside);
            } else {
                push_elements(&mut pending, form, inside);
            }
        }
        captured
    }

    fn add(&mut self, symbol: Symbol) {
        let name = symbol.name();
        if let Some(plain) = name.strip_suffix("...") {
            self.names.insert(Symbol::intern(plain));
        }
        if name.starts_with('.') || symbol == sym::SUPER {
            self.names.insert(sym::SELF);
        }
        self.names.insert(symbol);
    }

    fn add_path(&mut self, path: &ComplexSymbol) {
        for &part in &path.parts {
            let inner = part
                .name()
                .trim_start_matches('.')
                .trim_start_matches('<')
                .trim_end_matches("...");
            for name in inner.trim_end_matches('>').split('/') {
                self.names.insert(Symbol::intern(name));
            }
        }
        if path.parts[0] == sym::EMPTY {
            self.names.insert(sym::SELF);
        }
    }
}

/// Scans a whole module.
pub fn unit(forms: &[Value]) -> Unit {
    let mut unit = Unit::default();
    let mut pending: Vec<(Value, bool)> = forms.iter().map(|&form| (form, false)).collect();
    while let Some((form, _)) = pending.pop() {
        if let Some(symbol) = form.as_symbol() {
            unit.has_macros |= is_macro_name(symbol);
        } else if let Some(path) = form.get::<ComplexSymbol>() {
            unit.has_macros |= path.parts.last().is_some_and(|&last| is_macro_name(last));
        } else if let Some(gene) = form.get::<Gene>() {
            match gene.head.as_symbol() {
                Some(sym::EVAL | sym::CALLER_EVAL | sym::REPL) => unit.is_open = true,
                Some(sym::IMPORT) => unit.has_macros = true,
                Some(head) if gene.children.first().is_some_and(|&op| is_assignment(op)) => {
                    unit.assigned.insert(head);
                }
                _ => {}
            }
            push_parts(&mut pending, &gene, false);
        } else {
            push_elements(&mut pending, form, false);
        }
    }
    unit
}

/// Does a form contain itself? Nothing that is read does; what a program builds may.
pub fn is_cyclic(form: Value) -> bool {
    enum Step {
        Enter(Value),
        Leave(u64),
    }
    let mut open = FxHashSet::default();
    let mut pending = vec![Step::Enter(form)];
    while let Some(step) = pending.pop() {
        let form = match step {
            Step::Enter(form) => form,
            Step::Leave(address) => {
                open.remove(&address);
                continue;
            }
        };
        let mut parts = Vec::new();
        match form.get::<Gene>() {
            Some(gene) => push_parts(&mut parts, &gene, false),
            None => push_elements(&mut parts, form, false),
        }
        if parts.is_empty() {
            continue;
        }
        if !open.insert(form.bits()) {
            return true;
        }
        pending.push(Step::Leave(form.bits()));
        pending.extend(parts.into_iter().map(|(part, _)| Step::Enter(part)));
    }
    false
}

/// The variants of an enum declaration.
pub fn enum_variants(gene: &Gene) -> Vec<Symbol> {
    let values = gene
        .props
        .get(&sym::VALUES)
        .and_then(|values| values.get::<Array>());
    let listed = values
        .iter()
        .flat_map(|list| list.into_ref().items.iter().copied());
    let parts = gene.children.iter().skip(1).copied();
    let variant = |form: Value| {
        form.as_symbol()
            .or_else(|| form.get::<Gene>()?.head.as_symbol())
    };
    listed.chain(parts).filter_map(variant).collect()
}

/// Names that the forms of a body declare in its own scope.
pub fn declared(forms: &[Value]) -> FxHashSet<Symbol> {
    let Declared {
        mut variables,
        definitions,
    } = declarations(forms);
    variables.extend(definitions);
    variables
}

/// What the forms of a body declare in its own scope.
#[derive(Default)]
pub struct Declared {
    /// By `var` and `let`.
    pub variables: FxHashSet<Symbol>,
    /// By `fn`, `class` …
    pub definitions: FxHashSet<Symbol>,
}

/// The declarations of [`declared`] by their kind.
pub fn declarations(forms: &[Value]) -> Declared {
    let mut names = Declared::default();
    let mut pending: Vec<Value> = forms.to_vec();
    while let Some(form) = pending.pop() {
        let Some(gene) = form.get::<Gene>() else {
            if form.get::<Quote>().is_some() {
                continue;
            }
            let mut elements = Vec::new();
            push_elements(&mut elements, form, false);
            pending.extend(elements.into_iter().map(|(element, _)| element));
            continue;
        };
        match gene.head.as_symbol() {
            Some(sym::VAR | sym::LET) => {
                names.variables.extend(
                    gene.children
                        .first()
                        .into_iter()
                        .flat_map(|&target| pattern_names(target)),
                );
                pending.extend(gene.children.iter().skip(1));
            }
            // These open scopes of their own.
            Some(sym::IF | sym::IFEL | sym::IF_NOT | sym::FOR) => {}
            Some(sym::REPEAT | sym::CASE | sym::TAP) => pending.extend(gene.children.first()),
            // Each catch clause is a scope.
            Some(sym::TRY) => {
                let is_part = |f: &Value| f.is_symbol(sym::CATCH) || f.is_symbol(sym::FINALLY);
                pending.extend(gene.children.iter().take_while(|f| !is_part(f)));
                let finally = |f: &&Value| !f.is_symbol(sym::FINALLY);
                pending.extend(gene.children.iter().skip_while(finally).skip(1));
            }
            // What is given to a macro is data.
            Some(head) if is_macro_name(head) => {}
            _ => {
                names.definitions.extend(definition_name(&gene));
                if !makes_function(&gene) {
                    let mut parts = Vec::new();
                    push_parts(&mut parts, &gene, false);
                    pending.extend(parts.into_iter().map(|(part, _)| part));
                }
            }
        }
    }
    names
}

/// How many of the forms bind each name: definitions, and the patterns of `var` and `let`.
pub fn binding_counts(forms: &[Value]) -> FxHashMap<Symbol, usize> {
    let mut counts = FxHashMap::default();
    for gene in forms.iter().filter_map(|form| form.get::<Gene>()) {
        let variables = match gene.head.as_symbol() {
            Some(sym::VAR | sym::LET) => gene.children.first().copied(),
            _ => None,
        };
        let names = variables.map(pattern_names).into_iter().flatten();
        for name in names.chain(definition_name(&gene)) {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts
}

/// The plain name that a definition form binds.
pub fn definition_name(gene: &Gene) -> Option<Symbol> {
    if gene
        .children
        .first()
        .is_some_and(|&child| is_assignment(child))
    {
        return None;
    }
    let name = match gene.head.as_symbol()? {
        sym::FN | sym::CLASS | sym::NS | sym::ENUM | sym::TYPE | sym::OBJECT => {
            let first = *gene.children.first()?;
            match first.as_str() {
                Some(text) if gene.head.is_symbol(sym::FN) => Symbol::intern(text),
                _ => first.as_symbol()?,
            }
        }
        _ => return None,
    };
    Some(without_generics(name))
}

/// `name` of a generic `name:T:U`.
pub fn without_generics(name: Symbol) -> Symbol {
    match name.name().split_once(':') {
        Some((plain, _)) if !plain.is_empty() => Symbol::intern(plain),
        _ => name,
    }
}

/// All names that a pattern binds.
pub fn pattern_names(pattern: Value) -> Vec<Symbol> {
    let mut names = Vec::new();
    let mut pending = vec![pattern];
    while let Some(part) = pending.pop() {
        if let Some(symbol) = part.as_symbol() {
            let name = symbol
                .name()
                .trim_start_matches('^')
                .trim_end_matches(':')
                .trim_end_matches("...");
            if !name.is_empty() && !matches!(name, "=" | "_") {
                names.push(Symbol::intern(name));
            }
        } else if let Some(array) = part.get::<Array>() {
            pending.extend(array.items.iter());
        } else if let Some(map) = part.get::<Map>() {
            pending.extend(map.entries.values());
        }
    }
    names
}

/// Does a name belong to a macro function?
pub fn is_macro_name(name: Symbol) -> bool {
    let name = name.name();
    name.len() > 1 && name.ends_with('!')
}

/// Is this one of `=`, `+=` …?
pub fn is_assignment(form: Value) -> bool {
    matches!(
        form.as_symbol(),
        Some(
            sym::ASSIGN
                | sym::ADD_ASSIGN
                | sym::SUB_ASSIGN
                | sym::MUL_ASSIGN
                | sym::DIV_ASSIGN
                | sym::MOD_ASSIGN
        )
    )
}

/// Does the form make a function (or the body of a class or namespace), which captures variables?
fn makes_function(gene: &Gene) -> bool {
    matches!(
        gene.head.as_symbol(),
        Some(
            sym::FN
                | sym::BLOCK
                | sym::ARROW
                | sym::METHOD
                | sym::CTOR
                | sym::ON_METHOD_MISSING
                | sym::CLASS
                | sym::NS
                | sym::OBJECT
        )
    ) || gene
        .children
        .first()
        .is_some_and(|child| child.is_symbol(sym::ARROW))
}

/// May running the form look up any visible variable by its name?
fn looks_up_by_name(gene: &Gene, unit: &Unit) -> bool {
    if let Some(head) = gene.head.as_symbol() {
        return matches!(head, sym::EVAL | sym::RENDER | sym::REPL)
            || (is_macro_name(head) && head != sym::NE);
    }
    !is_operator_form(gene) && may_be_macro(gene.head, unit)
}

/// Is the head an operand or receiver rather than a callee?
fn is_operator_form(gene: &Gene) -> bool {
    let Some(first) = gene.children.first().and_then(|child| child.as_symbol()) else {
        return false;
    };
    first.name().starts_with('.') || is_infix_operator(first) || is_assignment(Value::symbol(first))
}

/// Is this an infix operator (3.1)?
pub fn is_infix_operator(symbol: Symbol) -> bool {
    matches!(
        symbol,
        sym::DOT_SLASH
            | sym::MUL
            | sym::DIV
            | sym::MOD
            | sym::ADD
            | sym::SUB
            | sym::CONCAT
            | sym::SHL
            | sym::SHR
            | sym::LT
            | sym::LE
            | sym::GT
            | sym::GE
            | sym::EQ
            | sym::NE
            | sym::IS
            | sym::AND
            | sym::XOR
            | sym::OR
    )
}

/// May a call with this head reach a macro function? Heads that are plain names cannot, unless they end in `!`.
pub fn may_be_macro(head: Value, unit: &Unit) -> bool {
    if let Some(symbol) = head.as_symbol() {
        return is_macro_name(symbol);
    }
    if let Some(path) = head.get::<ComplexSymbol>() {
        let last = *path.parts.last().expect("a path has parts");
        let root = path.parts[0].name();
        return is_macro_name(last) || (unit.has_macros && !is_builtin_root(root));
    }
    unit.has_macros && head.get::<Gene>().is_some()
}

fn is_builtin_root(root: &str) -> bool {
    matches!(root, "math" | "gene" | "genex" | "io" | "system" | "time")
        || root.starts_with(char::is_uppercase)
}

fn push_parts(pending: &mut Vec<(Value, bool)>, gene: &Gene, inside: bool) {
    pending.push((gene.head, inside));
    pending.extend(gene.props.values().map(|&value| (value, inside)));
    pending.extend(gene.children.iter().map(|&child| (child, inside)));
}

fn push_elements(pending: &mut Vec<(Value, bool)>, form: Value, inside: bool) {
    if let Some(array) = form.get::<Array>() {
        pending.extend(array.items.iter().map(|&item| (item, inside)));
    } else if let Some(map) = form.get::<Map>() {
        pending.extend(map.entries.values().map(|&value| (value, inside)));
    } else if let Some(unquote) = form.get::<Unquote>() {
        pending.push((unquote.form, inside));
    } else if let Some(quote) = form.get::<Quote>() {
        pending.push((quote.form, inside));
    }
}
