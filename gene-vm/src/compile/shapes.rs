//! The shapes of special forms, as advice to those who missed them.

use super::Error;
use super::scan::{is_assignment, is_infix_operator};
use crate::object::Gene;
use crate::source::Pos;
use crate::symbol::sym;

/// Adds the right shape of a form to a mistake that was found in the form itself, at `place`.
pub(super) fn advise(error: Error, form: &Gene, place: Pos) -> Error {
    if error.help.is_some() || error.pos != place {
        return error;
    }
    let help = shape(form);
    Error { help, ..error }
}

/// How a form with this head, or this operator, is written.
fn shape(form: &Gene) -> Option<&'static str> {
    let operator = form.children.first().copied();
    if operator.is_some_and(is_assignment) && form.head.as_symbol().is_some() {
        return Some("write (name = value); a value of several parts needs parentheses of its own");
    }
    if operator
        .and_then(|op| op.as_symbol())
        .is_some_and(is_infix_operator)
    {
        return Some("write operands and operators in turn, as in (a + b * c), and (not a) apart");
    }
    Some(match form.head.as_symbol()? {
        sym::IF => "write (if condition form… elif condition form… else form…)",
        sym::IFEL => "write (ifel condition then) or (ifel condition then else), one form each",
        sym::IF_NOT => "write (if_not condition form…); for more branches use (if not condition …)",
        sym::VAR | sym::LET => {
            "write (var name value), (var name: Type value) or (var [a b] value)"
        }
        sym::WHILE => "write (while condition form…)",
        sym::FOR => "write (for value in collection form…) or (for key value in collection form…)",
        sym::REPEAT => "write (repeat count form…)",
        sym::BREAK | sym::CONTINUE => "name a loop around it with ^name, as in (while ^name x …)",
        sym::CASE => "write (case value when pattern form… else form…)",
        sym::TRY => "write (try form… catch pattern form… finally form…)",
        sym::FN => "write (fn name [a b = default rest... ^key] form…); a lambda has no name",
        sym::BLOCK => "write (block [a b] form…)",
        sym::CLASS | sym::OBJECT => {
            "write (class Name < Parent (ctor [a] …) (method name [] …)), without < Parent if it has none"
        }
        sym::METHOD => "write (method name [a b] form…)",
        sym::CTOR => "write (ctor [a b] form…)",
        sym::FIELD => "write (field name Type)",
        sym::NEW => "write (new Class argument…)",
        sym::SUPER => "write (super .method argument…) or (super .ctor argument…)",
        sym::ENUM => "write (enum Name a b (Variant field other: Type))",
        sym::NS => "write (ns name form…)",
        sym::IMPORT => "write (import a b:alias from \"path\") at the top level of the file",
        sym::EXPORT => "write (export [a b])",
        sym::TYPE => "write (type Name Type)",
        sym::RANGE => "write (range first last) or (range first last step)",
        sym::ASYNC => "write (async form); several forms go into a (do …)",
        sym::AWAIT => "write (await future…) or (await ^timeout 500 future…)",
        sym::TAP => "write ($tap value :name form…)",
        sym::SET => "write ($set target @name value)",
        sym::AT => "write (@ \"key\" 0 …) or @key/0",
        sym::MATCH => {
            "write (case value when pattern form…), or (var [a b] value) to take it apart"
        }
        sym::NOT | sym::BANG => "write (not value), one operand",
        _ => return None,
    })
}
