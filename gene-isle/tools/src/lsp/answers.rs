//! What the editor asks: definitions, uses, explanations, symbols, formatting, renaming.

use std::collections::HashMap;
use std::path::Path;

use gene_isle_core::source::{Sources, Span};
use gene_isle_core::terms::{Constructor, Extractor, TermKind};
use gene_isle_core::types::Fields;
use lsp_types::{
    DocumentSymbol, Hover, HoverContents, Location, MarkupContent, MarkupKind, Position, Range,
    SymbolKind, TextEdit, Uri, WorkspaceEdit,
};

use super::positions::{offset, position, range};
use super::workspace::{Checked, Workspace};
use crate::format;
use crate::names::{Definition, DefinitionId, Kind, Use};

/// The name at a place, in each program that has the file.
fn names_at<'a>(
    workspace: &'a Workspace,
    path: &'a Path,
    place: Position,
) -> impl Iterator<Item = (&'a Checked, &'a Use)> {
    workspace.programs.iter().filter_map(move |checked| {
        let file = checked.file(path)?;
        let at = offset(checked.analysis.sources.file(file), place);
        Some((checked, checked.names.at(file, at)?))
    })
}

fn location(workspace: &Workspace, checked: &Checked, span: Span) -> Option<Location> {
    let path = &checked.analysis.paths[span.file as usize];
    let range = range(checked.analysis.sources.file(span.file), span);
    Some(Location::new(workspace.uri(path)?, range))
}

/// Where the name at a place is defined.
pub fn definition(workspace: &Workspace, path: &Path, place: Position) -> Option<Location> {
    let (checked, found) = names_at(workspace, path, place).next()?;
    location(
        workspace,
        checked,
        checked.names.definitions[found.definition].span,
    )
}

/// Where the name at a place is used.
pub fn references(
    workspace: &Workspace,
    path: &Path,
    place: Position,
    with_definition: bool,
) -> Vec<Location> {
    let mut locations = Vec::new();
    for (checked, found) in names_at(workspace, path, place) {
        let definition = checked.names.definitions[found.definition].span;
        for one in checked.names.uses_of(found.definition) {
            if one.span == definition && !with_definition {
                continue;
            }
            locations.extend(location(workspace, checked, one.span));
        }
    }
    // Files common to several targets are in several programs.
    let mut unique: Vec<Location> = Vec::new();
    for location in locations {
        if !unique.contains(&location) {
            unique.push(location);
        }
    }
    unique
}

// ---------------------------------------------------------------- hover

/// What is known of the name at a place.
pub fn hover(workspace: &Workspace, path: &Path, place: Position) -> Option<Hover> {
    let (checked, found) = names_at(workspace, path, place).next()?;
    let definition = &checked.names.definitions[found.definition];
    let mut text = format!("```lisp\n{}\n```\n", signature(checked, definition));
    // A variable is in a form that is about something else.
    if definition.kind != Kind::Variable && !definition.doc.is_empty() {
        text.push_str(&format!("\n{}\n", definition.doc));
    }
    if let Some(origin) = origin(checked, definition) {
        text.push_str(&format!("\n{origin}\n"));
    }
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: text,
        }),
        range: Some(range(
            checked.analysis.sources.file(found.span.file),
            found.span,
        )),
    })
}

/// The definition as it is written, or what amounts to it.
fn signature(checked: &Checked, definition: &Definition) -> String {
    /// Types with hundreds of variants are cut.
    const MOST_LINES: usize = 16;

    let program = &checked.analysis.program;
    match definition.kind {
        Kind::Variable => {
            let vars = program.checked.rules.iter().flat_map(|rule| &rule.vars);
            let var = vars.into_iter().find(|var| var.span == definition.span);
            var.map_or(definition.name.clone(), |var| {
                format!("{}: {}", var.name, program.types.name(var.ty))
            })
        }
        Kind::Variant => {
            for ty in &program.types.types {
                let variants = match &ty.kind {
                    gene_isle_core::types::TypeKind::Enum(variants) => variants,
                    _ => continue,
                };
                if let Some(variant) = variants.iter().find(|one| one.span == definition.span) {
                    let fields = match &variant.fields {
                        Fields::Unit => String::new(),
                        Fields::Named(fields) => {
                            let field = |(name, ty): &(String, _)| {
                                format!(" ({name} {})", program.types.name(*ty))
                            };
                            fields.iter().map(field).collect()
                        }
                        Fields::Tuple(types) => types
                            .iter()
                            .map(|&ty| format!(" {}", program.types.name(ty)))
                            .collect(),
                    };
                    return format!("({}.{}{fields})", ty.name, variant.name);
                }
            }
            definition.name.clone()
        }
        _ => {
            let text = checked.analysis.sources.text(definition.form);
            let mut lines: Vec<_> = text.lines().take(MOST_LINES).collect();
            if text.lines().count() > MOST_LINES {
                lines.push("…");
            }
            lines.join("\n")
        }
    }
}

/// How a declared term is made and matched.
fn origin(checked: &Checked, definition: &Definition) -> Option<String> {
    let program = &checked.analysis.program;
    if definition.kind != Kind::Term {
        return None;
    }
    let id = program.terms.by_name(&definition.name)?;
    let TermKind::Declared {
        constructor,
        extractor,
        ..
    } = &program.terms.get(id).kind
    else {
        return None;
    };
    let made = match constructor {
        Some(Constructor::Rules(_)) => {
            let count = program
                .checked
                .rules
                .iter()
                .filter(|rule| rule.term == id)
                .count();
            let plural = if count == 1 { "" } else { "s" };
            Some(format!("Made by {count} rule{plural}."))
        }
        Some(Constructor::Extern(func, _)) => Some(format!("Made by `Context::{func}`.")),
        _ => None,
    };
    let matched = match extractor {
        Some(Extractor::Extern { func, .. }) => Some(format!("Matched by `Context::{func}`.")),
        Some(Extractor::Internal(extractor)) => {
            let template = checked.analysis.sources.text(extractor.template.span);
            Some(format!("Matches as `{template}`."))
        }
        None => None,
    };
    let parts: Vec<_> = made.into_iter().chain(matched).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

// ---------------------------------------------------------------- whole files

/// The outline of a file.
pub fn symbols(workspace: &Workspace, path: &Path) -> Option<Vec<DocumentSymbol>> {
    let (checked, file) = workspace
        .programs
        .iter()
        .find_map(|checked| Some((checked, checked.file(path)?)))?;
    let source = checked.analysis.sources.file(file);
    let mut symbols: Vec<DocumentSymbol> = Vec::new();
    for (_, definition) in checked.names.global() {
        if definition.span.file != file {
            continue;
        }
        let is_variant = definition.kind == Kind::Variant;
        let around = if is_variant {
            definition.span
        } else {
            definition.form
        };
        #[allow(deprecated, reason = "the field must be given")]
        let symbol = DocumentSymbol {
            name: definition.name.clone(),
            detail: None,
            kind: symbol_kind(definition.kind),
            tags: None,
            deprecated: None,
            range: range(source, around),
            selection_range: range(source, definition.span),
            children: None,
        };
        match symbols.last_mut() {
            Some(ty) if is_variant => ty.children.get_or_insert_default().push(symbol),
            _ => symbols.push(symbol),
        }
    }
    Some(symbols)
}

fn symbol_kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Type => SymbolKind::CLASS,
        Kind::Variant => SymbolKind::ENUM_MEMBER,
        Kind::Term | Kind::Define => SymbolKind::FUNCTION,
        Kind::Instruction => SymbolKind::OPERATOR,
        Kind::Helper => SymbolKind::INTERFACE,
        Kind::Constant => SymbolKind::CONSTANT,
        Kind::Rule => SymbolKind::METHOD,
        Kind::Test => SymbolKind::EVENT,
        Kind::Variable => SymbolKind::VARIABLE,
    }
}

/// The edit that formats a text; none if it is formatted or does not balance.
pub fn formatting(text: &str) -> Vec<TextEdit> {
    let mut sources = Sources::new();
    let file = sources.add("", text);
    match format::format(&sources, file) {
        Ok(formatted) if formatted != text => {
            let source = sources.file(file);
            let all = Range::new(Position::new(0, 0), position(source, text.len() as u32));
            vec![TextEdit::new(all, formatted)]
        }
        _ => Vec::new(),
    }
}

// ---------------------------------------------------------------- renaming

/// The stretch of the name at a place, if it can be renamed.
pub fn renamable(workspace: &Workspace, path: &Path, place: Position) -> Option<Range> {
    let (checked, found) = names_at(workspace, path, place).next()?;
    Some(range(
        checked.analysis.sources.file(found.span.file),
        found.span,
    ))
}

/// The edits that give the name at a place another one.
///
/// # Errors
/// It is not a name, or something else has it.
#[allow(clippy::mutable_key_type, reason = "the protocol's type for edits")]
pub fn rename(
    workspace: &Workspace,
    path: &Path,
    place: Position,
    name: &str,
) -> Result<WorkspaceEdit, String> {
    if !is_name(name) {
        return Err(format!(
            "`{name}` is not a name: names are letters, digits and `_`"
        ));
    }
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (checked, found) in names_at(workspace, path, place) {
        if let Some(other) = taken(checked, found.definition, name) {
            let place = checked.analysis.sources.place(other.span);
            return Err(format!("`{name}` is defined already, at {place}"));
        }
        for one in checked.names.uses_of(found.definition) {
            let Some(Location { uri, range }) = location(workspace, checked, one.span) else {
                continue;
            };
            let edit = TextEdit::new(range, one.spelling.of(name));
            let edits = changes.entry(uri).or_default();
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    if changes.is_empty() {
        return Err("there is no name here that can be renamed".to_string());
    }
    Ok(WorkspaceEdit::new(changes))
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let rest = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    starts && rest && !["_", "true", "false", "let", "and", "if"].contains(&name)
}

/// The definition that a new name would be confused with.
fn taken<'a>(checked: &'a Checked, renamed: DefinitionId, name: &str) -> Option<&'a Definition> {
    let definitions = &checked.names.definitions;
    let own = &definitions[renamed];
    let space = |kind| match kind {
        Kind::Instruction | Kind::Helper => Kind::Term,
        other => other,
    };
    let local = matches!(own.kind, Kind::Variable | Kind::Variant);
    definitions.iter().enumerate().find_map(|(id, other)| {
        let clash = id != renamed
            && other.name == name
            && space(other.kind) == space(own.kind)
            && (!local || other.form == own.form);
        clash.then_some(other)
    })
}
