//! The Rust that is generated for a term or a rule.

use gene_isle_core::generate::{self, names};

use crate::analysis::Analysis;

/// The generated function of the term, or of the rule alone, or of both if they share a name.
///
/// # Errors
/// There is neither, or nothing is generated for the term.
pub fn expand(mut analysis: Analysis, name: &str) -> Result<String, String> {
    let term = analysis.program.terms.by_name(name);
    let rule = analysis
        .program
        .checked
        .rules
        .iter()
        .position(|rule| rule.name == name);
    let mut parts = Vec::new();
    if let Some(term) = term {
        parts.extend(generate::generate_term(
            &analysis.program,
            &analysis.sources,
            term,
        ));
    }
    // A rule without a name of its own has that of its term.
    let rule = rule.filter(|&rule| Some(analysis.program.checked.rules[rule].term) != term);
    if let Some(rule) = rule {
        let term = analysis.program.checked.rules[rule].term;
        for set in &mut analysis.program.sets {
            set.rules.retain(|flat| flat.rule == rule);
        }
        parts.extend(generate::generate_term(
            &analysis.program,
            &analysis.sources,
            term,
        ));
    }
    if parts.is_empty() {
        return Err(match term {
            Some(_) => format!("nothing is generated for the term `{name}`: it has no rules"),
            None => analysis.unknown("rule or term", name),
        });
    }
    let mut out = Vec::new();
    for part in parts {
        let file = syn::parse2(part).map_err(|error| format!("cannot show the code: {error}"))?;
        out.push(with_places(&prettyplease::unparse(&file), &analysis));
    }
    Ok(out.join("\n"))
}

/// Adds a comment with the name and the place of each rule where it is chosen.
fn with_places(code: &str, analysis: &Analysis) -> String {
    let mut out = String::new();
    for line in code.lines() {
        let chosen = line.trim().strip_prefix("ctx.rule_fired(RuleId::");
        if let Some(ident) = chosen.and_then(|rest| rest.strip_suffix(");")) {
            let rules = &analysis.program.checked.rules;
            if let Some(rule) = rules
                .iter()
                .find(|rule| names::rule_ident(&rule.name) == ident)
            {
                let indent = &line[..line.len() - line.trim_start().len()];
                let place = analysis.sources.place(rule.span);
                out.push_str(&format!("{indent}// {}, {place}\n", rule.name));
            }
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
