//! Makes well-formed programs.
//!
//! Variables hold scalars – numbers at the edges, strings, `nil`, Bools – so that nothing a program prints grows without
//! bound; collections, objects and closures have names of their own. Every loop and every call spends fuel or counts, so each
//! program ends.

use fastrand::Rng;

/// Numbers at the edges of what code handles inline.
const NUMBERS: [&str; 24] = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "7",
    "255",
    "256",
    "-256",
    "140737488355327",
    "-140737488355328",
    "140737488355328",
    "9223372036854775807",
    "-9223372036854775808",
    "0.0",
    "-0.0",
    "0.5",
    "1.5",
    "-3.25",
    "1e300",
    "(1.0 / 0)",
    "(0.0 / 0)",
    "9007199254740993",
    "4.9e-324",
];
/// Texts, some with others at their beginning, around the eight bytes that are compared at once.
const TEXTS: [&str; 8] = [
    "text",
    "\"\"",
    "\"a\"",
    "\"abcdefgh\"",
    "(\"abcd\" ++ \"efgh\")",
    "\"abcdefghi\"",
    "(\"abcdefgh\" ++ \"é\")",
    "\"abcdefghé\"",
];
/// Values that arithmetic refuses.
const OTHERS: [&str; 4] = ["nil", "true", "false", "\"s\""];
/// What every loop and call does first, so that it ends.
pub const STEPS: [&str; 3] = ["(spend)", "(round += 1)", "(inner += 1)"];
/// What programs begin with.
pub const PRELUDE: &str = "(var fuel 0)
(fn refuel [] (fuel = 200))
(fn spend [] (fuel = (fuel - 1)) (if (fuel < 0) (throw \"out of fuel\")))
(var turns [1 0.5 -2 -0.0])
";

const COMPARISONS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];
const ARITHMETIC: [&str; 7] = ["+", "+", "-", "-", "*", "/", "%"];
/// Data that other code may reach by name: members of the module, of a namespace and of classes.
const MEMBERS: [&str; 6] = ["$ns/t", "$ns/u", "depot/n", "boxes/0/n", "O/made", "Q/made"];
const CLASSES: [&str; 3] = ["RuntimeException", "TypeException", "Exception"];

/// What a piece of code may do where it stands.
#[derive(Clone)]
struct Place {
    variables: Vec<String>,
    in_loop: bool,
    in_method: bool,
    in_generator: bool,
}

impl Place {
    fn function(variables: &[&str]) -> Place {
        let names = ["t", "u"];
        Place {
            variables: variables
                .iter()
                .chain(&names)
                .map(|name| name.to_string())
                .collect(),
            in_loop: false,
            in_method: false,
            in_generator: false,
        }
    }

    fn with(&self, variable: &str) -> Place {
        let mut place = self.clone();
        place.variables.push(variable.to_string());
        place
    }

    fn looping(&self) -> Place {
        Place {
            in_loop: true,
            ..self.clone()
        }
    }
}

/// A source of programs.
pub struct Generator {
    rng: Rng,
    names: usize,
}

impl Generator {
    pub fn new(seed: u64) -> Generator {
        Generator {
            rng: Rng::with_seed(seed),
            names: 0,
        }
    }

    /// The source of other choices of a trial.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.usize(..from.len())]
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    fn variable(&mut self, place: &Place) -> String {
        place.variables[self.rng.usize(..place.variables.len())].clone()
    }

    fn leaf(&mut self, place: &Place) -> String {
        match self.rng.u8(..60) {
            0..34 => self.variable(place),
            34..46 => self.rng.i32(-3..10).to_string(),
            46 => self.pick(&OTHERS).to_string(),
            // Ints and floats in turns.
            47 | 48 => "(turns .get (fuel && 3))".to_string(),
            49..52 if place.in_method => "/n".to_string(),
            52 | 53 => self.pick(&MEMBERS).to_string(),
            _ => self.pick(&NUMBERS).to_string(),
        }
    }

    /// An index that is mostly inside of the arrays.
    fn index(&mut self) -> i8 {
        self.rng.i8(-1..8).min(2)
    }

    /// An operand, rarely of a kind that no operator takes.
    fn operand(&mut self, place: &Place, depth: usize) -> String {
        match self.rng.u8(..150) {
            0 => self.pick(&["xs", "m", "o", "k", "(1 .. 3)"]).to_string(),
            1 => self.comparison(place, depth),
            _ => self.scalar(place, depth),
        }
    }

    fn comparison(&mut self, place: &Place, depth: usize) -> String {
        let (a, b) = (self.operand(place, depth), self.leaf(place));
        format!("({a} {} {b})", self.pick(&COMPARISONS))
    }

    /// An expression whose value is a scalar.
    fn scalar(&mut self, place: &Place, depth: usize) -> String {
        if depth == 0 {
            return self.leaf(place);
        }
        let depth = depth - 1;
        match self.rng.u8(..35) {
            0..8 => {
                let (a, b) = (self.operand(place, depth), self.operand(place, depth));
                format!("({a} {} {b})", self.pick(&ARITHMETIC))
            }
            8 => format!(
                "({} {})",
                self.pick(&["-", "abs"]),
                self.operand(place, depth)
            ),
            9 => {
                let (shift, operator) = (self.rng.u8(..64), self.pick(&["<<", ">>"]));
                match self.rng.u8(..3) {
                    0 => format!("((xs .size) {operator} {shift})"),
                    1 => format!("((xs .size) {operator} ({shift} - (xs .size)))"),
                    _ => format!("(! ((xs .size) {operator} {}))", self.leaf(place)),
                }
            }
            10 => {
                let (a, b) = (self.scalar(place, depth), self.scalar(place, depth));
                format!("({a} {} {b})", self.pick(&["&&", "||"]))
            }
            11 => {
                let test = self.comparison(place, depth);
                format!("(if (! {test}) {} else 2)", self.leaf(place))
            }
            12..15 => {
                let (test, a) = (self.comparison(place, depth), self.scalar(place, depth));
                format!("(if {test} {a} else {})", self.scalar(place, depth))
            }
            15..19 => self.call(place, depth),
            19..22 => self.element(place, depth),
            22..25 => self.method_call(place, depth),
            25 => format!("{}/n", self.pick(&["o", "q"])),
            26 => {
                let (variable, value) = (self.variable(place), self.scalar(place, depth));
                format!("(do ({variable} = {value}) {})", self.leaf(place))
            }
            27 => self.string(place, depth),
            28 => {
                let (a, b) = (self.leaf(place), self.scalar(place, depth));
                let (c, d) = (self.leaf(place), self.scalar(place, depth));
                let target = self.scalar(place, depth);
                format!("(case {target} when {a} {b} when {c} {d} else 1)")
            }
            29 => {
                let (value, other) = (self.scalar(place, depth), self.leaf(place));
                format!("(try {value} catch * {other})")
            }
            30 => {
                let (body, start) = (self.scalar(&place.with("x"), depth), self.leaf(place));
                format!("(xs .reduce {start} (fn [r x] (if (x == r) x else {body})))")
            }
            31 => {
                let body = self.scalar(&place.with("y"), depth);
                format!("((fn [y] {body}) {})", self.leaf(place))
            }
            32 => format!("({} .sum)", self.instance(place, depth)),
            _ => self.leaf(place),
        }
    }

    /// A new instance, whose constructor takes numbers or whatever else stands there.
    fn instance(&mut self, place: &Place, depth: usize) -> String {
        let (a, b) = (self.scalar(place, depth), self.leaf(place));
        format!("(new R {a} {b})")
    }

    /// The end of a constructor, which may add more fields.
    fn extra_fields(&mut self) -> String {
        let place = Place::function(&["a", "b"]);
        let test = format!("({} {} b)", self.leaf(&place), self.pick(&COMPARISONS));
        match self.rng.u8(..4) {
            0 => format!("(/c = {})", self.leaf(&place)),
            1 => format!("(if {test} (/c = a) else (/d = b))"),
            2 => format!("(/a = {}) (/c = {})", self.leaf(&place), self.leaf(&place)),
            _ => String::new(),
        }
    }

    /// What is done to instances that get more fields, some by others than their constructor.
    fn growth(&mut self, place: &Place) -> String {
        let (index, field) = (self.index().max(0), self.pick(&["a", "c", "d", "e"]));
        match self.rng.u8(..4) {
            0 => format!("(rs/{index}/{field} = {})", self.scalar(place, 1)),
            1 => format!("(println rs/{index}/{field})"),
            _ => {
                let instance = self.instance(place, 1);
                format!("(if ((rs .size) > 4) (rs = [])) (rs .push {instance})")
            }
        }
    }

    /// A call of one of the program's functions and closures.
    fn call(&mut self, place: &Place, depth: usize) -> String {
        let (a, b) = (self.scalar(place, depth), self.leaf(place));
        match self.rng.u8(..12) {
            0 | 1 => format!("(pair {a} {b})"),
            2 => format!("(flexible {a})"),
            3 => format!("(flexible {a} {b} ^w {})", self.leaf(place)),
            4 => format!("(flexible ^w {a} {b} 1 {})", self.leaf(place)),
            5 => format!("(flexible {} xs...)", self.pick(&["", "1"])),
            6 => {
                let function = self.pick(&["down", "ping"]);
                format!("({function} {} {a})", self.rng.u8(..6))
            }
            7 => format!("(k {a})"),
            8 => format!("(h {a} {b})"),
            9 => format!("(depot/put {a})"),
            10 => format!("(boxes/{}/put {a})", self.rng.u8(..2)),
            _ => format!("(if (fuel > 170) (f {a} {b}) else {b})"),
        }
    }

    fn method_call(&mut self, place: &Place, depth: usize) -> String {
        let argument = self.scalar(place, depth);
        match self.rng.u8(..5) {
            0 if place.in_method => format!("(.twice {argument})"),
            0 | 1 => format!("(o .add {argument})"),
            2 => format!("(q .add {argument})"),
            3 => format!("({} .twice {argument})", self.pick(&["o", "q"])),
            _ => "(q .n)".to_string(),
        }
    }

    /// What stands in a collection.
    fn element(&mut self, place: &Place, depth: usize) -> String {
        match self.rng.u8(..12) {
            0..3 => format!("xs/{}", self.index()),
            3 if self.rng.u8(..4) == 0 => format!("xs/<{}>", self.variable(place)),
            4 => format!("(xs .get {})", self.index()),
            5 if self.rng.u8(..4) == 0 => format!("(xs ./ {})", self.scalar(place, depth)),
            6 if self.rng.u8(..3) == 0 => "(xs .pop)".to_string(),
            6 => "(xs .size)".to_string(),
            7..10 => format!("m/{}", self.pick(&["a", "b"])),
            10 => format!(
                "(m .get \"{}\" {})",
                self.pick(&["a", "z"]),
                self.leaf(place)
            ),
            _ => "(m .size)".to_string(),
        }
    }

    /// A member of one of the instances of many classes, or of one of the maps, that a loop goes through.
    fn various(&mut self, place: &Place) -> String {
        let (name, value) = (self.pick(&["x", "y", "z", "w"]), self.leaf(place));
        match self.rng.u8(..5) {
            0 | 1 => format!("(for s in os (spend) (println s/{name}) (s/{name} = {value}))"),
            2 => format!("(for s in os (spend) (s/{name} = {value}) (println (s .at 1) s/y))"),
            3 => format!(
                "(for s in ms (spend) (println s/{name} (s .get \"{name}\")) (s/{name} = {value}))"
            ),
            _ => {
                let other = self.pick(&["x", "y", "z", "w"]);
                let change = match self.rng.u8(..3) {
                    0 => format!("(s .del \"{other}\")"),
                    1 => format!("(s .set \"{other}\" nil)"),
                    _ => format!("(s .set \"{other}\" {value})"),
                };
                format!("(for s in ms (spend) {change} (println s/{name} (s .get \"{other}\")))")
            }
        }
    }

    /// A number that comes of strings.
    fn string(&mut self, place: &Place, depth: usize) -> String {
        match self.rng.u8(..6) {
            0 => format!("(#\"é#{{(do {})}}\" .size)", self.scalar(place, depth)),
            1 => "((text ++ \"é\") .size)".to_string(),
            2 => format!("(text .byte_at {})", self.index().max(0)),
            3 => format!("(if (text == {}) 1 else 2)", self.scalar(place, depth)),
            _ => {
                let (a, b) = (self.pick(&TEXTS), self.pick(&TEXTS));
                let operator = self.pick(&["==", "!="]);
                format!("(if ({a} {operator} {b}) 1 else 2)")
            }
        }
    }

    fn statements(&mut self, place: &Place, depth: usize) -> String {
        let count = self.rng.usize(1..4);
        let statements: Vec<String> = (0..count).map(|_| self.statement(place, depth)).collect();
        statements.join(" ")
    }

    fn statement(&mut self, place: &Place, depth: usize) -> String {
        if depth > 0 && self.rng.u8(..3) == 0 {
            return self.compound(place, depth - 1);
        }
        match self.rng.u8(..75) {
            70..75 => self.growth(place),
            66..70 => self.pipeline(place),
            60..63 => {
                let (member, operator) = (self.pick(&MEMBERS), self.pick(&["=", "+=", "-="]));
                format!("({member} {operator} {})", self.scalar(place, 1))
            }
            63 => format!("(h = {})", self.pick(&["pair", "flexible", "k"])),
            64 => self.redefinition(place),
            0..14 => format!("({} = {})", self.variable(place), self.scalar(place, 2)),
            14..20 => {
                let operator = self.pick(&["+=", "-=", "*=", "/=", "%="]);
                format!("({} {operator} {})", self.variable(place), self.leaf(place))
            }
            20..26 => format!("(println {})", self.scalar(place, 2)),
            26..29 => format!("(xs/{} = {})", self.index().max(0), self.scalar(place, 1)),
            29..32 => format!("(xs .push {})", self.scalar(place, 1)),
            32 => format!("(xs .set {} {})", self.index(), self.leaf(place)),
            33 => format!("(xs/<{}> = 1)", self.variable(place)),
            34..37 => {
                let (key, operator) = (self.pick(&["a", "b"]), self.pick(&["=", "+="]));
                format!("(m/{key} {operator} {})", self.scalar(place, 1))
            }
            37..43 => {
                let object = match place.in_method {
                    true => "",
                    false => self.pick(&["o", "q"]),
                };
                let operator = self.pick(&["=", "+=", "-="]);
                format!("({object}/n {operator} {})", self.scalar(place, 1))
            }
            43..46 => self.call(place, 1),
            46..49 => self.method_call(place, 1),
            49..53 if place.in_loop => {
                let jump = self.pick(&["break", "continue"]);
                format!("(if {} ({jump}))", self.comparison(place, 1))
            }
            49..53 if place.in_generator => format!("(yield {})", self.scalar(place, 1)),
            53 | 54 => {
                let (test, value) = (self.comparison(place, 1), self.leaf(place));
                format!("(if {test} (return {value}))")
            }
            55 => format!(
                "(if {} (throw {}))",
                self.comparison(place, 1),
                self.leaf(place)
            ),
            _ => {
                // A closure that is called when the variable may have changed.
                let variable = self.variable(place);
                let body = self.scalar(&place.with("z"), 1);
                format!("(fs .push (fn [z] ({variable} = (z + 1)) {body}))")
            }
        }
    }

    /// Calls back for the elements of an array. The callback may capture and change variables, throw, call back itself, and
    /// change the array that is gone through.
    fn pipeline(&mut self, place: &Place) -> String {
        let inner = place.with("x");
        let effect = match self.rng.u8(..8) {
            0 => format!("(if {} (throw x))", self.comparison(&inner, 1)),
            1 => "(if ((xs .size) < 9) (xs .push x))".to_string(),
            2 => "(if ((xs .size) > 1) (xs .pop))".to_string(),
            3 => format!("({} = x)", self.variable(place)),
            4 => format!("(if {} (return x))", self.comparison(&inner, 1)),
            5 => "(fs .push (fn [z] x))".to_string(),
            _ => String::new(),
        };
        let body = format!("(spend) {effect} {}", self.scalar(&inner, 1));
        let callback = match self.rng.u8(..8) {
            0 => self
                .pick(&["k", "h", "pair", "flexible", "abs"])
                .to_string(),
            1 => format!("(fn [x y = {}] {body} y)", self.leaf(place)),
            2 => format!("(fn [x rest...] {body})"),
            3 => format!("(fn [x: Int] {body})"),
            _ => format!("(fn [x] {body})"),
        };
        let source = self.pick(&["xs", "xs", "[1 2.5 nil 3]", "(xs .filter (fn [e] e))"]);
        match self.rng.u8(..8) {
            0 | 1 => format!("(println ({source} .map {callback}))"),
            2 | 3 => format!("(println ({source} .filter {callback}))"),
            4 => format!("({source} .each {callback})"),
            5 => format!(
                "(println ({source} .reduce {} (fn [r x] {body})))",
                self.leaf(place)
            ),
            6 => format!("(println ((xs .take 3) .sort (fn [x y] {body})))"),
            _ => {
                let method = self.pick(&["find", "any", "all"]);
                format!("(println ({source} .{method} {callback}))")
            }
        }
    }

    /// A name comes, goes, or stands for something else.
    fn redefinition(&mut self, place: &Place) -> String {
        match self.rng.u8(..6) {
            0 => "(t = pair)".to_string(),
            1 => format!("($ns .set \"u\" {})", self.leaf(place)),
            2 => format!("(depot .set \"other\" {})", self.leaf(place)),
            3 => "(depot .del \"other\")".to_string(),
            4 => format!("($ns .set \"abs\" (fn [x] {}))", self.leaf(place)),
            _ => "($ns .del \"abs\")".to_string(),
        }
    }

    /// A statement with statements in it.
    fn compound(&mut self, place: &Place, depth: usize) -> String {
        match self.rng.u8(..20) {
            17.. => self.various(place),
            0 | 1 => {
                let (test, then) = (self.comparison(place, 1), self.statements(place, depth));
                format!("(if {test} {then} else {})", self.statements(place, depth))
            }
            2 | 3 => {
                let i = self.fresh("i");
                let body = self.statements(&place.looping(), depth);
                let rounds = self.rng.u8(1..12);
                format!("(var {i} 0) (while ({i} < {rounds}) (spend) ({i} += 1) {body})")
            }
            4 => {
                // The counter is a variable that the body may set to anything.
                let i = self.variable(place);
                let body = self.statements(&place.looping(), depth);
                let end = self.leaf(place);
                format!("(while ({i} < {end}) (spend) {body} ({i} += 1))")
            }
            5..8 => {
                let source = self.iterable(place);
                let body = self.statements(&place.with("x").looping(), depth);
                format!("(for x in {source} (spend) {body})")
            }
            8 => {
                let body = self.statements(&place.with("x").looping(), depth);
                let source = self.pick(&["xs", "m", "(0 .. 3)"]);
                format!("(for key x in {source} (spend) (println key) {body})")
            }
            9 => {
                let body = self.statements(&place.looping(), depth);
                format!("(repeat {} (spend) {body})", self.rng.u8(..6))
            }
            10 => {
                let body = self.statements(&place.looping(), depth);
                format!(
                    "(loop (spend) {body} (if {} (break)))",
                    self.comparison(place, 1)
                )
            }
            11 | 12 => self.protected(place, depth),
            13 => "(for f in fs (spend) (println (f 1)))".to_string(),
            14 => {
                let (body, rounds) = (self.quiet(place, depth), self.rng.u8(1..30));
                format!("(var round 0) (while (round < {rounds}) (round += 1) {body})")
            }
            _ => {
                let (body, end) = (self.quiet(&place.with("y"), depth), self.rng.u8(1..12));
                format!("(for y in (0 .. {end}) {body})")
            }
        }
    }

    /// Statements of a loop that calls nothing.
    fn quiet(&mut self, place: &Place, depth: usize) -> String {
        let count = self.rng.usize(1..5);
        let statements: Vec<String> = (0..count)
            .map(|_| {
                let (a, b, variable) = (self.leaf(place), self.leaf(place), self.variable(place));
                let comparison = self.pick(&COMPARISONS);
                match self.rng.u8(..15) {
                    0..5 => format!("({variable} = ({a} {} {b}))", self.pick(&ARITHMETIC)),
                    5..8 => format!("({variable} {} {a})", self.pick(&["+=", "-=", "*="])),
                    8 => format!("({variable} = {a})"),
                    9 => format!("(if ({a} {comparison} {b}) ({variable} = {a}))"),
                    10 => {
                        let jump = self.pick(&["break", "continue"]);
                        format!("(if ({a} {comparison} {b}) ({jump}))")
                    }
                    11 => format!("(if ({a} {comparison} {b}) (return {variable}))"),
                    12 => format!("({variable} = xs/{})", self.index().max(0)),
                    13 if depth > 0 => {
                        let body = self.quiet(place, depth - 1);
                        format!("(var inner 0) (while (inner < 3) (inner += 1) {body})")
                    }
                    _ => format!("(xs/{} = {a})", self.index().max(0)),
                }
            })
            .collect();
        statements.join(" ")
    }

    fn protected(&mut self, place: &Place, depth: usize) -> String {
        let body = self.statements(place, depth);
        let handler = self.statement(place, 0);
        let catch = match self.rng.u8(..3) {
            0 => String::new(),
            1 => format!(" catch {} {handler}", self.pick(&CLASSES)),
            _ => format!(" catch * (println $ex/message) {handler}"),
        };
        let last = match self.rng.bool() || catch.is_empty() {
            true => format!(" finally {}", self.statement(place, 0)),
            false => String::new(),
        };
        format!("(try {body}{catch}{last})")
    }

    fn iterable(&mut self, place: &Place) -> String {
        match self.rng.u8(..9) {
            0 => "xs".to_string(),
            1 => "m".to_string(),
            2 => "(0 .. 4)".to_string(),
            3 => "[1 2.5 3]".to_string(),
            4 => format!("[{} {}]", self.leaf(place), self.leaf(place)),
            5 => format!("({} .. {})", self.index(), self.variable(place)),
            6 => {
                let step = self.pick(&["-1", "2", "140737488355327", "0"]);
                format!("(range {} {} {step})", self.index(), self.variable(place))
            }
            7 => format!("(stream* {})", self.leaf(place)),
            _ => "(xs .map (fn [x] (spend) (pair x 1)))".to_string(),
        }
    }

    fn method(&mut self, variables: &[&str]) -> String {
        let place = Place {
            in_method: true,
            ..Place::function(variables)
        };
        let body = self.statements(&place, 1);
        format!("(spend) {body} {}", self.scalar(&place, 2))
    }

    fn function(&mut self, variables: &[&str], depth: usize) -> String {
        let place = Place::function(variables);
        let body = self.statements(&place, depth);
        format!("(spend) {body} {}", self.scalar(&place, 2))
    }

    /// A statement of the main function; often what it raises is caught, so that the next one is reached.
    fn step(&mut self) -> String {
        let statement = self.statement(&Place::function(&["a", "b", "c", "d"]), 2);
        match self.rng.u8(..3) {
            0 => statement,
            _ => format!("(try {statement} catch * (println $ex/message))"),
        }
    }

    /// A whole program, but for [`PRELUDE`].
    pub fn program(&mut self) -> String {
        let generator = Place {
            in_generator: true,
            ..Place::function(&["a", "b"])
        };
        format!(
            "(var text \"aé\") (var xs [1 2.5 3]) (var m {{^a 1 ^b 2.5}}) (var fs []) (var rs [])
(var $ns/t 0) (var $ns/u 0.5)
(ns depot (var /n 1) (fn /put [x] {put}))
(fn box [v] (ns box (var /n v) (fn /put [x] {boxed})) box)
(class O
  (var /made 0)
  (ctor [n] (/n = n))
  (method add [x] {add})
  (method twice [x] (spend) (.add (.add x))))
(class Q < O
  (ctor [n] (super .ctor n) (/p = 0.5))
  (method add [x] {overridden} (super .add {argument})))
{classes}
(class R
  (ctor [a b] {first} (/a = a) (/b = b) {extra})
  (method sum [] (if (/a == nil) /b else (/a + /b))))
(fn pair [x{annotation} y] {pair})
(fn flexible [x y = {default} rest... ^w = 2] (spend) (if ((rest .size) > 0) rest/0 else {flexible}))
(fn down [n x] (spend) (if (n <= 0) x else (down (n - 1) {step})))
(fn ping [n x] (spend) (if (n <= 0) x else (pong (n - 1) {there})))
(fn pong [n x] (spend) (if (n <= 0) {back} else (ping (n - 1) x)))
(fn stream* [a] (spend) (var b 1) {yields} (yield b) {more})
(var $ns/h pair)
(var boxes [(box 1) (box 2.5)])
(var held 1)
(var k (fn [x] (spend) (held = {held}) (if (held == x) 0 else {closure})))
(var o (new O 1)) (var q (new Q 2)) (var os []) (var ms [])
(fn f [a b]
  (spend)
  (var c{int} 2) (var d{float} 0.5)
  {body}
  (println a b c d)
  {result})
(for x in [1 2.5 140737488355327 \"s\" 3]
  (refuel) (xs = [1 2.5 3]) (m = {{^a 1 ^b 2.5}}) (fs = []) (rs = []) (os = [{instances}]) (ms = [{maps}])
  (o/n = 1) (q/n = 2.5)
  (t = 0) (u = 0.5) (depot/n = 1) (boxes/0/n = 2)
  (println (try (f x 3) catch * (println $ex/message) (typeof $ex))))
(println xs m o/n q/p held (fs .size) t u depot/n O/made Q/made boxes/0/n boxes/1/n)
(refuel)
(f 1 {last})",
            classes = (0..6)
                .map(|i| {
                    let field = |name| format!("(/{name} = {i})");
                    let fields = ["x", "y", "z"].map(field);
                    let order: String = (i..i + 1 + i % 3).map(|k| fields[k % 3].as_str()).collect();
                    format!("(class S{i} (ctor [] {order}) (method at [k] (/y = k) /x))\n")
                })
                .collect::<String>(),
            instances = (0..6).map(|i| format!("(new S{i}) ")).collect::<String>(),
            maps = ["", "^x 1 ^y 2", "^y 1 ^x 2.5", "^a 1 ^b 2 ^c 3 ^d 4 ^e 5 ^f 6 ^g 7 ^h 8 ^x 9", "^z nil"]
                .map(|entries| format!("{{{entries}}} "))
                .concat(),
            put = self.function(&["x", "n"], 1),
            boxed = self.function(&["x", "n"], 1),
            add = self.method(&["x", "made"]),
            overridden = self.method(&["x", "made"]),
            first = self.pick(&["", "(spend)"]),
            extra = self.extra_fields(),
            annotation = self.pick(&["", "", ": Int", ": Float", ": (Int | String)"]),
            int = self.pick(&["", "", "", ": Int"]),
            float = self.pick(&["", "", "", ": Float"]),
            argument = self.leaf(&Place::function(&["x"])),
            pair = self.function(&["x", "y"], 1),
            default = self.leaf(&Place::function(&["x"])),
            flexible = self.scalar(&Place::function(&["x", "y", "w"]), 2),
            step = self.scalar(&Place::function(&["n", "x"]), 1),
            there = self.scalar(&Place::function(&["n", "x"]), 1),
            back = self.scalar(&Place::function(&["n", "x"]), 1),
            yields = self.statements(&generator, 1),
            more = self.statements(&generator, 1),
            held = self.scalar(&Place::function(&["x", "held"]), 2),
            closure = self.scalar(&Place::function(&["x", "held"]), 1),
            body = (0..self.rng.usize(2..7))
                .map(|_| self.step())
                .collect::<Vec<_>>()
                .join("\n  "),
            result = self.scalar(&Place::function(&["a", "b", "c", "d"]), 2),
            last = self.pick(&NUMBERS),
        )
    }
}
