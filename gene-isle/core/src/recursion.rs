//! Finds terms that use themselves and are not declared `rec`.

use crate::diagnostic::{Code, Diagnostic, Errors};
use crate::rule_set::{Binding, RuleSet};
use crate::terms::TermEnv;

/// Reports terms on a cycle of uses without `rec`.
pub fn check(sets: &[RuleSet], terms: &TermEnv, errors: &mut Errors) {
    let mut uses = vec![Vec::new(); terms.terms.len()];
    for set in sets {
        uses[set.term.index()] = set
            .bindings
            .iter()
            .filter_map(|binding| match binding {
                Binding::Constructor { term, .. } | Binding::Extractor { term, .. } => {
                    Some(term.index())
                }
                _ => None,
            })
            .collect();
    }
    for index in nodes_in_cycles(&uses) {
        let term = &terms.terms[index];
        if !term.flags().rec {
            let message = format!("the term `{}` uses itself", term.name);
            errors.push(
                Diagnostic::new(Code::Recursion, term.span, message)
                    .says("directly or through the rules of other terms")
                    .help(format!(
                        "declare it (decl rec {} …), and see that it comes to an end",
                        term.name
                    )),
            );
        }
    }
}

/// The nodes of a graph that lie on some cycle, in order: Tarjan's strongly connected
/// components with a stack of its own.
pub(crate) fn nodes_in_cycles(edges: &[Vec<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let mut order = vec![NEW; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut open = vec![false; edges.len()];
    let mut component = Vec::new();
    let mut cyclic = Vec::new();
    let mut count = 0;
    for root in 0..edges.len() {
        if order[root] != NEW {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some(&mut (node, ref mut next)) = path.last_mut() {
            if *next == 0 {
                order[node] = count;
                low[node] = count;
                count += 1;
                open[node] = true;
                component.push(node);
            }
            if let Some(&to) = edges[node].get(*next) {
                *next += 1;
                if order[to] == NEW {
                    path.push((to, 0));
                } else if open[to] {
                    low[node] = low[node].min(order[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == order[node] {
                let start = component
                    .iter()
                    .rposition(|&member| member == node)
                    .unwrap_or(0);
                let members = component.split_off(start);
                members.iter().for_each(|&member| open[member] = false);
                if members.len() > 1 || edges[node].contains(&node) {
                    cyclic.extend(members);
                }
            }
        }
    }
    cyclic.sort_unstable();
    cyclic
}
