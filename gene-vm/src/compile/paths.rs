//! Paths `a/b/0`, selector values, `$set` (pages 1.7 and 17).

use super::{Compile, Compiler, Want};
use crate::bytecode::{Instr, Op};
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// One segment of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Segment {
    /// An element or child.
    Index(i32),
    /// A member.
    Name(Symbol),
    /// `.name`: a method call without arguments.
    Method(Symbol),
    /// `<expr>`: the value of a name or path.
    Dynamic(Vec<Symbol>),
    /// `.<expr>`: a method whose name is computed.
    DynamicMethod(Vec<Symbol>),
    /// `!`
    Assert,
}

impl Compiler<'_> {
    /// Splits the parts of a path behind its first one.
    pub(super) fn segments(&self, parts: &[Symbol]) -> Compile<Vec<Segment>> {
        let mut segments = Vec::new();
        let mut parts = parts.iter();
        while let Some(&part) = parts.next() {
            let name = part.name();
            if let Some(open) = name.strip_prefix('<').or_else(|| name.strip_prefix(".<")) {
                let mut inner = vec![Symbol::intern(open)];
                while !inner.last().expect("it has one").name().ends_with('>') {
                    match parts.next() {
                        Some(&part) => inner.push(part),
                        None => return self.error(format!("Missing '>' in path segment {name}")),
                    }
                }
                let last = inner.pop().expect("it has one").name();
                inner.push(Symbol::intern(last.trim_end_matches('>')));
                if inner == [sym::EMPTY] {
                    return self.error("Empty <> in path");
                }
                let is_method = name.starts_with('.');
                segments.push(if is_method {
                    Segment::DynamicMethod(inner)
                } else {
                    Segment::Dynamic(inner)
                });
            } else if name == "!" {
                segments.push(Segment::Assert);
            } else if let Some(index) = index(name) {
                segments.push(Segment::Index(index));
            } else if let Some(method) = name.strip_prefix('.').filter(|m| !m.is_empty()) {
                segments.push(Segment::Method(Symbol::intern(method)));
            } else {
                segments.push(Segment::Name(part));
            }
        }
        Ok(segments)
    }

    /// Compiles reading a path.
    pub(super) fn path(&mut self, parts: &[Symbol], want: Want) -> Compile {
        let first = parts[0].name();
        if let Some(segment) = first.strip_prefix('@') {
            let segments: Vec<Symbol> = std::iter::once(Symbol::intern(segment))
                .chain(parts[1..].iter().copied())
                .collect();
            self.selector(&segments)?;
            return self.finish(want);
        }
        if parts
            .last()
            .is_some_and(|last| last.name().ends_with("...") && last.name().len() > 3)
        {
            return self.error(
                "Spread operator (...) can only be used in arrays, maps, or gene expressions",
            );
        }
        let mut segments = self.segments(&parts[1..])?;
        self.push_root(parts[0])?;
        let last = segments.pop();
        for segment in &segments {
            self.get_segment(segment)?;
        }
        match last {
            Some(Segment::Name(name)) if self.is_variable(name) => {
                self.load(name);
                if segments.is_empty() {
                    let cache = self.e.cache(name);
                    self.e.op_c(Op::GetMemberOrElement, cache, 2, 1);
                } else {
                    self.e.op(Op::GetDynamic, 2, 1);
                }
            }
            Some(segment) => self.get_segment(&segment)?,
            None => {}
        }
        self.finish(want)
    }

    /// Pushes what a path starts from.
    pub(super) fn push_root(&mut self, root: Symbol) -> Compile {
        if root == sym::EMPTY {
            self.push_self();
            return Ok(());
        }
        self.expression(Value::symbol(root), Want::Value)
    }

    /// Is the name that of a visible variable (rather than of a definition)?
    fn is_variable(&self, name: Symbol) -> bool {
        name != sym::SELF
            && self
                .find(name)
                .is_some_and(|found| !found.binding.is_definition)
    }

    /// Replaces the top operand by what a segment finds in it.
    pub(super) fn get_segment(&mut self, segment: &Segment) -> Compile {
        match segment {
            Segment::Index(index) => self.e.emit(
                Instr {
                    c: *index,
                    ..Instr::new(Op::GetIndex)
                },
                1,
                1,
            ),
            Segment::Name(name) => {
                let cache = self.e.cache(*name);
                self.e.op_c(Op::GetMember, cache, 1, 1);
            }
            Segment::Method(name) => {
                self.e.op(Op::Nil, 0, 1);
                self.e.op(Op::Swap, 2, 2);
                let cache = self.e.cache(*name);
                self.e.op_bc(Op::CallMethod, 0, cache, 2, 1);
            }
            Segment::Dynamic(inner) => {
                self.path_or_name(inner)?;
                self.e.op(Op::GetDynamic, 2, 1);
            }
            Segment::DynamicMethod(inner) => {
                self.path_or_name(inner)?;
                self.e.op(Op::Swap, 2, 2);
                let shape = self.e.call_shape(super::calls::plain_shape(0));
                self.e.op_c(Op::CallMethodDynamic, shape, 2, 1);
            }
            Segment::Assert => self.e.op(Op::AssertFound, 1, 1),
        }
        Ok(())
    }

    /// Pushes the value of a name or path given by its parts.
    pub(super) fn path_or_name(&mut self, parts: &[Symbol]) -> Compile {
        match parts {
            [name] => self.expression(Value::symbol(*name), Want::Value),
            _ => self.path(parts, Want::Value),
        }
    }

    /// A member path without any variable in its last part: for assignments.
    pub(super) fn target_segments(&self, parts: &[Symbol]) -> Compile<Vec<Segment>> {
        let mut segments = self.segments(&parts[1..])?;
        if segments.len() >= 2
            && let Some(Segment::Name(name)) = segments.last().cloned()
            && self.is_variable(name)
        {
            segments.pop();
            segments.push(Segment::Dynamic(vec![name]));
        }
        Ok(segments)
    }

    // ── Selector values ────────────────────────────────────────────────────

    /// Pushes the selector `@a/b/0`.
    pub(super) fn selector(&mut self, segments: &[Symbol]) -> Compile {
        for &segment in segments {
            let value = self.literal_segment(segment);
            self.e.constant(value);
        }
        self.e.op_bc(
            Op::MakeSelector,
            segments.len() as u16,
            0,
            segments.len(),
            1,
        );
        Ok(())
    }

    /// A literal segment: an Int, or a Symbol for special and plain names.
    fn literal_segment(&mut self, segment: Symbol) -> Value {
        index(segment.name()).map_or(Value::symbol(segment), Value::int32)
    }

    /// `(@ s1 s2 …)`
    pub(super) fn selector_form(&mut self, segments: &[Value], want: Want) -> Compile {
        if segments.is_empty() {
            return self.error("@ expects at least 1 argument for selector creation");
        }
        self.selector_segments(segments)?;
        self.finish(want)
    }

    pub(super) fn selector_segments(&mut self, segments: &[Value]) -> Compile {
        for &segment in segments {
            match segment.as_symbol() {
                Some(_) => self.e.constant(segment),
                None => self.expression(segment, Want::Value)?,
            }
        }
        self.e.op_bc(
            Op::MakeSelector,
            segments.len() as u16,
            0,
            segments.len(),
            1,
        );
        Ok(())
    }

    /// `(target ./name [default])`
    pub(super) fn look_up_literal(
        &mut self,
        gene: &Gene,
        path: &ComplexSymbol,
        want: Want,
    ) -> Compile {
        let segments = self.segments(&path.parts[1..])?;
        self.expression(gene.head, Want::Value)?;
        match (&segments[..], &gene.children[1..]) {
            (_, []) => segments
                .iter()
                .try_for_each(|segment| self.get_segment(segment))?,
            ([.., Segment::Name(_) | Segment::Index(_)], [default]) => {
                let (last, before) = segments.split_last().expect("there is one");
                before
                    .iter()
                    .try_for_each(|segment| self.get_segment(segment))?;
                match last {
                    Segment::Index(index) => self.e.constant(Value::int32(*index)),
                    Segment::Name(name) => self.e.constant(Value::symbol(*name)),
                    _ => unreachable!("matched above"),
                }
                self.expression(*default, Want::Value)?;
                self.e.op(Op::GetDefault, 3, 1);
            }
            _ => return self.error("Invalid infix expression"),
        }
        self.finish(want)
    }

    /// `($set target @seg value)`
    pub(super) fn set_form(&mut self, operands: &[Value], want: Want) -> Compile {
        let [target, selector, value] = *operands else {
            return self.error("$set expects exactly 3 arguments");
        };
        let segment = self.only_segment(selector)?;
        self.expression(target, Want::Value)?;
        let name = segment
            .as_symbol()
            .or_else(|| segment.as_str().map(Symbol::intern));
        if let Some(name) = name {
            self.expression(value, Want::Value)?;
            let cache = self.e.cache(name);
            self.e.op_c(Op::SetMember, cache, 2, 1);
        } else {
            self.expression(segment, Want::Value)?;
            self.expression(value, Want::Value)?;
            self.e.op(Op::SetDynamic, 3, 1);
        }
        self.finish(want)
    }

    /// The one segment of a selector as written in `$set`: a literal or an expression.
    fn only_segment(&mut self, selector: Value) -> Compile<Value> {
        let short = selector
            .as_symbol()
            .and_then(|s| s.name().strip_prefix('@'));
        if let Some(segment) = short.filter(|segment| !segment.is_empty()) {
            return Ok(self.literal_segment(Symbol::intern(segment)));
        }
        let path = selector.get::<ComplexSymbol>();
        let is_path = path.is_some_and(|path| path.parts[0].name().starts_with('@'));
        match selector
            .get::<Gene>()
            .filter(|gene| gene.head.is_symbol(sym::AT))
        {
            Some(form) if form.children.len() == 1 => Ok(form.children[0]),
            None if !is_path => {
                self.error("$set expects a selector (@property) as second argument")
            }
            _ => self.error("$set selector must have exactly one property"),
        }
    }
}

/// The number that a segment spells.
pub(super) fn index(name: &str) -> Option<i32> {
    let digits = name.strip_prefix('-').unwrap_or(name);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    name.parse().ok()
}
