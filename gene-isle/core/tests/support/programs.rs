//! Random programs: declarations of all kinds, and rules that mostly follow them.

use super::Random;

/// The types that programs are about, and constants.
const TYPES: &str = "\
(type T (primitive T))
(type E (enum Nothing (Small (x u8)) (Both (x T) (y E))))
(type S (struct (p u8) (q T)))
(extern const $K u8)
";
const NAMES: [&str; 5] = ["u8", "bool", "T", "E", "S"];

/// A term: what flags and types it is declared with.
struct Term {
    name: String,
    args: Vec<&'static str>,
    ret: &'static str,
    is_multi: bool,
    is_extractor: bool,
}

/// A program, as its text. About half of them have a mistake.
pub fn program(random: &mut Random) -> String {
    let mut generator = Generator {
        random,
        terms: Vec::new(),
        vars: Vec::new(),
        fresh: 0,
    };
    let mut text = TYPES.to_string();
    for _ in 0..1 + generator.random.below(2) {
        text += &generator.extractor();
    }
    let constructors = 2 + generator.random.below(3);
    for _ in 0..constructors {
        text += &generator.declaration();
    }
    let first = generator.terms.len() - constructors;
    for index in first..generator.terms.len() {
        text += &generator.definition(index);
    }
    text
}

struct Generator<'a> {
    random: &'a mut Random,
    terms: Vec<Term>,
    /// The variables in scope, with their types.
    vars: Vec<(String, &'static str)>,
    fresh: usize,
}

impl Generator<'_> {
    fn chance(&mut self, one_in: usize) -> bool {
        self.random.below(one_in) == 0
    }

    fn pick<V: Copy>(&mut self, values: &[V]) -> V {
        values[self.random.below(values.len())]
    }

    /// A type, or now and then another one.
    fn type_like(&mut self, wanted: &'static str) -> &'static str {
        if self.chance(60) {
            self.pick(&NAMES)
        } else {
            wanted
        }
    }

    fn types(&mut self, most: usize) -> Vec<&'static str> {
        (0..self.random.below(most + 1))
            .map(|_| self.pick(&NAMES))
            .collect()
    }

    fn variable(&mut self, ty: &'static str) -> String {
        self.fresh += 1;
        let name = format!("v{}", self.fresh);
        self.vars.push((name.clone(), ty));
        name
    }

    fn extractor(&mut self) -> String {
        let name = format!("x{}", self.terms.len());
        let (mut args, ret) = (self.types(2), self.pick(&NAMES));
        let internal = self.chance(2);
        let is_multi = !internal && self.chance(8);
        let definition = if internal {
            let parameters: Vec<String> = (0..args.len()).map(|at| format!("a{at}")).collect();
            let parts = parameters.join(" ");
            // A template that gives its parameters the types of the term, or does not.
            match ret {
                "E" => {
                    args = vec!["T", "E"];
                    format!(
                        "(extractor ({name} a0 a1) (E.Both a0 {}))",
                        self.pick(&["a1", "_", "(and a1 a1)"])
                    )
                }
                "S" => {
                    args = vec!["u8"];
                    format!(
                        "(extractor ({name} a0) (S a0 {}))",
                        self.pick(&["_", "3", "a0"])
                    )
                }
                _ if args.len() == 1 => {
                    args = vec![ret];
                    format!("(extractor ({name} {parts}) (and {parts} _))")
                }
                _ => {
                    args = Vec::new();
                    format!(
                        "(extractor ({name}) {})",
                        self.pick(&["1", "_", "true", "$K"])
                    )
                }
            }
        } else {
            let infallible = self.pick(&["", "infallible "]);
            format!("(extern extractor {infallible}{name} {name})")
        };
        let flags = if is_multi { "multi " } else { "" };
        let text = format!(
            "(decl {flags}{name} ({}) {ret})\n{definition}\n",
            args.join(" ")
        );
        self.terms.push(Term {
            name,
            args,
            ret,
            is_multi,
            is_extractor: true,
        });
        text
    }

    fn declaration(&mut self) -> String {
        let name = format!("c{}", self.terms.len());
        let (args, ret) = (self.types(2), self.pick(&NAMES));
        let pure = if self.chance(3) { "" } else { "pure " };
        let many = self.pick(&["", "", "multi ", "partial ", "partial "]);
        let rec = if self.chance(3) { "rec " } else { "" };
        let text = format!(
            "(decl {pure}{many}{rec}{name} ({}) {ret})\n",
            args.join(" ")
        );
        let is_multi = many == "multi ";
        self.terms.push(Term {
            name,
            args,
            ret,
            is_multi,
            is_extractor: false,
        });
        text
    }

    fn definition(&mut self, index: usize) -> String {
        let name = self.terms[index].name.clone();
        if self.chance(3) {
            return format!("(extern constructor {name} {name})\n");
        }
        (0..1 + self.random.below(3))
            .map(|_| self.rule(index))
            .collect()
    }

    fn rule(&mut self, index: usize) -> String {
        let Term {
            name,
            args,
            ret,
            is_multi,
            ..
        } = &self.terms[index];
        let (name, args, ret, is_multi) = (name.clone(), args.clone(), *ret, *is_multi);
        self.vars.clear();
        let args: Vec<String> = args.into_iter().map(|ty| self.pattern(ty, 3)).collect();
        let priority = match self.random.below(4) {
            priority @ 1.. if !is_multi || self.chance(40) => format!("{priority} "),
            _ => String::new(),
        };
        let guard = match self.random.below(6) {
            0 => format!(" (if {})", self.call(2)),
            1 => {
                let index = self.random.below(self.terms.len());
                let ty = self.terms[index].ret;
                let call = self.call_of(index, 2);
                format!(" (if-let {} {call})", self.pattern(ty, 2))
            }
            _ => String::new(),
        };
        let body = self.expr(ret, 3);
        format!(
            "(rule {priority}({name} {}){guard} {body})\n",
            args.join(" ")
        )
    }

    fn pattern(&mut self, ty: &'static str, depth: usize) -> String {
        let ty = self.type_like(ty);
        let choice = self.random.below(if depth == 0 { 4 } else { 10 });
        match choice {
            0 => "_".to_string(),
            1 => self.variable(ty),
            2 => match self.vars.iter().rev().find(|(_, own)| *own == ty) {
                Some((name, _)) => name.clone(),
                None => self.variable(ty),
            },
            3 => self.leaf(ty),
            4 => {
                let inner = self.pattern(ty, depth - 1);
                format!("{} @ {inner}", self.variable(ty))
            }
            5 => format!(
                "(and {} {})",
                self.pattern(ty, depth - 1),
                self.pattern(ty, depth - 1)
            ),
            6 => {
                let fits = |term: &&Term| term.is_extractor && term.ret == ty;
                let found = self.terms.iter().find(fits);
                let Some((name, args)) = found.map(|term| (term.name.clone(), term.args.clone()))
                else {
                    return self.leaf(ty);
                };
                let args: Vec<String> = args
                    .into_iter()
                    .map(|ty| self.pattern(ty, depth - 1))
                    .collect();
                format!("({name} {})", args.join(" "))
            }
            _ => match ty {
                "E" => match self.random.below(3) {
                    0 => "(E.Nothing)".to_string(),
                    1 => format!("(E.Small {})", self.pattern("u8", depth - 1)),
                    _ => format!(
                        "(E.Both {} {})",
                        self.pattern("T", depth - 1),
                        self.pattern("E", depth - 1)
                    ),
                },
                "S" => format!(
                    "(S {} {})",
                    self.pattern("u8", depth - 1),
                    self.pattern("T", depth - 1)
                ),
                _ => self.leaf(ty),
            },
        }
    }

    /// What can stand for a value in patterns and expressions alike.
    fn leaf(&mut self, ty: &'static str) -> String {
        match ty {
            "bool" => self.pick(&["true", "false"]).to_string(),
            "u8" if self.chance(4) => "$K".to_string(),
            "u8" | "T" => self.pick(&["0", "1", "-2", "0xff"]).to_string(),
            "E" => "(E.Nothing)".to_string(),
            _ => "(S 1 2)".to_string(),
        }
    }

    fn expr(&mut self, ty: &'static str, depth: usize) -> String {
        let ty = self.type_like(ty);
        let choice = self.random.below(if depth == 0 { 4 } else { 8 });
        let var = self.vars.iter().rev().find(|(_, own)| *own == ty);
        match (choice, var) {
            (0..3, Some((name, _))) => name.clone(),
            (0..4, _) => self.leaf(ty),
            (4, _) => {
                let before = self.vars.len();
                let own = self.pick(&NAMES);
                let value = self.expr(own, depth - 1);
                let name = self.variable(own);
                let body = self.expr(ty, depth - 1);
                self.vars.truncate(before);
                format!("(let (({name} {own} {value})) {body})")
            }
            (5, _) if ty == "E" => {
                format!(
                    "(E.Both {} {})",
                    self.expr("T", depth - 1),
                    self.expr("E", depth - 1)
                )
            }
            (5, _) if ty == "S" => {
                format!(
                    "(S {} {})",
                    self.expr("u8", depth - 1),
                    self.expr("T", depth - 1)
                )
            }
            _ => {
                let fits = |term: &Term| !term.is_extractor && term.ret == ty;
                match self.terms.iter().position(fits) {
                    Some(index) => self.call_of(index, depth - 1),
                    None => self.leaf(ty),
                }
            }
        }
    }

    fn call(&mut self, depth: usize) -> String {
        let index = self.random.below(self.terms.len());
        self.call_of(index, depth)
    }

    fn call_of(&mut self, index: usize, depth: usize) -> String {
        let (name, args) = (
            self.terms[index].name.clone(),
            self.terms[index].args.clone(),
        );
        let args: Vec<String> = args.into_iter().map(|ty| self.expr(ty, depth)).collect();
        format!("({name} {})", args.join(" "))
    }
}
