//! Quoted data: quotes inside of a quote disappear.

use crate::heap::Kind;
use crate::object::*;
use crate::value::Value;

/// The value of a quoted form. It is the form itself unless there are quotes inside of it.
pub(super) fn unquoted(form: Value) -> Value {
    let mut form = form;
    while let Some(quote) = form.get::<Quote>() {
        form = quote.form;
    }
    strip_inside(form);
    form
}

/// Replaces quotes inside of a form, in place: the form belongs to the code that quotes it.
fn strip_inside(form: Value) {
    let strip = |value: &mut Value| {
        while let Some(quote) = value.get::<Quote>() {
            *value = quote.form;
        }
    };
    let mut pending = vec![form];
    while let Some(form) = pending.pop() {
        match form.heap_kind() {
            Some(Kind::Array) => {
                let mut array = form.get::<Array>().expect("the kind was tested");
                array.items.iter_mut().for_each(strip);
                pending.extend(array.items.iter());
            }
            Some(Kind::Map) => {
                let mut map = form.get::<Map>().expect("the kind was tested");
                map.entries.values_mut().for_each(strip);
                pending.extend(map.entries.values());
            }
            Some(Kind::Gene) => {
                let mut gene = form.get::<Gene>().expect("the kind was tested");
                strip(&mut gene.head);
                gene.props.values_mut().for_each(strip);
                gene.children.iter_mut().for_each(strip);
                pending.push(gene.head);
                pending.extend(gene.props.values());
                pending.extend(gene.children.iter());
            }
            _ => {}
        }
    }
}
