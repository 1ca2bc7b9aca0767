//! GDB's JIT interface: a list of ELF objects in this process, and a function at which GDB stops to
//! read it.
//!
//! GDB knows the list and the function by their names, which its manual fixes along with the
//! layout of the entries.

use super::Piece;
use object::write::elf::{FileHeader, SectionHeader, Sym, Writer};
use object::{Endianness, elf};
use std::ptr;
use std::sync::Mutex;

/// An entry of GDB's list.
#[repr(C)]
struct Entry {
    next: *mut Entry,
    previous: *mut Entry,
    object: *const u8,
    size: u64,
}

/// What GDB reads when it stops.
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

const REGISTER: u32 = 1;
const UNREGISTER: u32 = 2;

#[unsafe(no_mangle)]
static mut __jit_debug_descriptor: Descriptor = Descriptor {
    version: 1,
    action: 0,
    relevant: ptr::null_mut(),
    first: ptr::null_mut(),
};

/// GDB sets a breakpoint here.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn __jit_debug_register_code() {
    // A call of an empty function would be left out.
    std::hint::black_box(&raw const __jit_debug_descriptor);
}

/// Whoever holds this may change the list: several VMs may live in a process.
static LIST: Mutex<()> = Mutex::new(());

/// The symbols of a piece of code, known to GDB until this goes.
pub struct Registered {
    entry: *mut Entry,
    object: Vec<u8>,
}

impl Registered {
    /// Makes an object with the piece's symbol and tells GDB of it.
    pub fn new(piece: Piece) -> Registered {
        let object = object_file(piece);
        let entry = Box::into_raw(Box::new(Entry {
            next: ptr::null_mut(),
            previous: ptr::null_mut(),
            object: object.as_ptr(),
            size: object.len() as u64,
        }));
        let _guard = LIST.lock();
        // SAFETY: the lock is held, and entries of the list live until they are unlinked.
        unsafe {
            let descriptor = &raw mut __jit_debug_descriptor;
            (*entry).next = (*descriptor).first;
            if let Some(next) = (*entry).next.as_mut() {
                next.previous = entry;
            }
            (*descriptor).first = entry;
            announce(REGISTER, entry);
        }
        Registered { entry, object }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let _guard = LIST.lock();
        // SAFETY: the lock is held; the entry was made of a box and is in the list once.
        unsafe {
            let entry = Box::from_raw(self.entry);
            match entry.previous.as_mut() {
                Some(previous) => previous.next = entry.next,
                None => __jit_debug_descriptor.first = entry.next,
            }
            if let Some(next) = entry.next.as_mut() {
                next.previous = entry.previous;
            }
            announce(UNREGISTER, self.entry);
        }
        self.object.clear();
    }
}

/// Tells GDB what has become of an entry.
///
/// # Safety
/// The lock is held.
unsafe fn announce(action: u32, entry: *mut Entry) {
    // SAFETY: what the caller promises.
    unsafe {
        __jit_debug_descriptor.action = action;
        __jit_debug_descriptor.relevant = entry;
    }
    __jit_debug_register_code();
}

/// An ELF object whose text is the piece where it lies in memory, with a function's symbol.
fn object_file(piece: Piece) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(Endianness::Little, true, &mut bytes);
    let text_name = writer.add_section_name(b".text");
    let symbol_name = writer.add_string(piece.name.as_bytes());

    // The writer wants the layout first.
    writer.reserve_file_header();
    writer.reserve_null_section_index();
    let text = writer.reserve_section_index();
    writer.reserve_symtab_section_index();
    writer.reserve_strtab_section_index();
    writer.reserve_shstrtab_section_index();
    writer.reserve_null_symbol_index();
    writer.reserve_symbol_index(Some(text));
    writer.reserve_symtab();
    writer.reserve_strtab();
    writer.reserve_shstrtab();
    writer.reserve_section_headers();

    let header = FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: elf::ET_REL,
        e_machine: elf::EM_AARCH64,
        e_entry: 0,
        e_flags: 0,
    };
    writer
        .write_file_header(&header)
        .expect("all fields of the header fit");
    writer.write_null_symbol();
    writer.write_symbol(&Sym {
        name: Some(symbol_name),
        section: Some(text),
        st_info: (elf::STB_GLOBAL << 4) | elf::STT_FUNC,
        st_other: elf::STV_DEFAULT,
        st_shndx: 0,
        // In a relocatable object, counted from the start of its section.
        st_value: 0,
        st_size: piece.code.len() as u64,
    });
    writer.write_strtab();
    writer.write_shstrtab();
    writer.write_null_section_header();
    writer.write_section_header(&SectionHeader {
        name: Some(text_name),
        // The code is in memory already.
        sh_type: elf::SHT_NOBITS,
        sh_flags: u64::from(elf::SHF_ALLOC | elf::SHF_EXECINSTR),
        sh_addr: piece.address as u64,
        sh_offset: 0,
        sh_size: piece.code.len() as u64,
        sh_link: 0,
        sh_info: 0,
        sh_addralign: 4,
        sh_entsize: 0,
    });
    writer.write_symtab_section_header(1);
    writer.write_strtab_section_header();
    writer.write_shstrtab_section_header();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::elf::abi::STT_FUNC;
    use ::elf::endian::LittleEndian;
    use ::elf::{ElfBytes, abi};

    fn piece(name: &str, address: usize) -> Piece<'_> {
        Piece {
            name,
            address,
            code: &[0xd6; 12],
            lines: &[],
        }
    }

    #[test]
    fn an_independent_parser_finds_the_symbol() {
        let bytes = object_file(piece("fib (x.gene:2)", 0x7fff_0000));
        let file = ElfBytes::<LittleEndian>::minimal_parse(&bytes).expect("an ELF object");
        assert_eq!(file.ehdr.e_machine, abi::EM_AARCH64);
        let (symbols, names) = file.symbol_table().expect("sections").expect("symbols");
        let symbol = symbols.get(1).expect("a symbol");
        let name = names.get(symbol.st_name as usize);
        assert_eq!(name.expect("a name"), "fib (x.gene:2)");
        assert_eq!((symbol.st_symtype(), symbol.st_size), (STT_FUNC, 12));
        let sections = file.section_headers().expect("sections");
        let text = sections.get(symbol.st_shndx as usize).expect("its section");
        assert_eq!((text.sh_addr, text.sh_size), (0x7fff_0000, 12));
        assert_eq!(text.sh_type, abi::SHT_NOBITS);
    }

    /// The sizes of the objects in the list, as GDB finds them.
    fn listed() -> Vec<u64> {
        let _guard = LIST.lock();
        let mut sizes = Vec::new();
        // SAFETY: the lock is held, so all entries of the list are alive.
        unsafe {
            let mut entry = __jit_debug_descriptor.first;
            while let Some(one) = entry.as_ref() {
                assert_eq!(*one.object, 0x7f);
                sizes.push(one.size);
                entry = one.next;
            }
        }
        sizes
    }

    #[test]
    fn the_list_holds_what_is_registered() {
        assert_eq!(listed(), []);
        let names = ["a", "a_longer_name_of_many_bytes", "c"];
        let mut all = names.map(|name| Some(Registered::new(piece(name, 0x1000))));
        let sizes = listed();
        assert_eq!(sizes.len(), 3);
        assert!(sizes[1] > sizes[0], "{sizes:?}");
        all[1] = None;
        assert_eq!(listed(), [sizes[0], sizes[2]]);
        all[2] = None;
        assert_eq!(listed(), [sizes[2]]);
        all[0] = None;
        assert_eq!(listed(), []);
    }
}
