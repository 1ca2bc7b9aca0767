//! Quoted data: quotes inside of a quote disappear.

use crate::heap::{Items, Kind};
use crate::object::*;
use crate::value::Value;
use crate::vm::Vm;

/// The value of a quoted form. It is the form itself unless there are quotes inside of it.
pub(super) fn unquoted(form: Value) -> Value {
    let mut form = form;
    while let Some(quote) = form.get::<Quote>() {
        form = quote.form;
    }
    strip_inside(form);
    form
}

/// The arguments of a macro call as data: a copy of the call without quotes inside, which leaves the call itself as it
/// is for callees that evaluate them.
pub(super) fn call_as_data(vm: &mut Vm, form: Value) -> Value {
    let copy = copied(vm, form);
    strip_inside(copy);
    copy
}

/// A copy of the genes, arrays and maps of a form. The compiler has bounded its depth.
fn copied(vm: &mut Vm, form: Value) -> Value {
    let Some(kind) = form.heap_kind() else {
        return form;
    };
    let copy = match kind {
        Kind::Array => {
            let array = form.get::<Array>().expect("the kind was tested");
            let items: Items = array.items.iter().map(|&item| copied(vm, item)).collect();
            vm.heap.array(items)
        }
        Kind::Map => {
            let map = form.get::<Map>().expect("the kind was tested");
            let entries = map
                .entries
                .iter()
                .map(|(&key, &value)| (key, copied(vm, value)))
                .collect();
            vm.heap.map(entries)
        }
        Kind::Gene => {
            let gene = form.get::<Gene>().expect("the kind was tested");
            let head = copied(vm, gene.head);
            let props = gene
                .props
                .iter()
                .map(|(&key, &value)| (key, copied(vm, value)))
                .collect();
            let children = gene
                .children
                .iter()
                .map(|&child| copied(vm, child))
                .collect();
            vm.heap.gene(Gene {
                head,
                props,
                children,
            })
        }
        _ => return form,
    };
    crate::heap::copy_flags(form, copy);
    copy
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
