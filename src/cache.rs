//! Compiled programs in files: `.gir`, and those that are kept between runs.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use gene_vm::Vm;
use gene_vm::image::{Image, image};
use gene_vm::program::{Failure, Program};
use tempfile::Builder;

/// Shorter programs are compiled in less time than it takes to look for a file.
const SHORTEST: usize = 16 << 10;

/// The folder for compiled programs, in the working directory.
pub const FOLDER: &str = "build";

/// Where the code of a program is kept between runs: the file that `gene compile` writes. It holds the text, too, and
/// counts only for this text.
pub struct Cache {
    file: PathBuf,
    /// Use what is there?
    reads: bool,
}

impl Cache {
    /// The place for a program file; nothing if it is too short for that to pay.
    pub fn of(program: &Path, text: &str, reads: bool) -> Option<Cache> {
        let file = file_for(Path::new(FOLDER), program);
        (text.len() >= SHORTEST).then_some(Cache { file, reads })
    }

    /// The program with this text. It is compiled and kept unless its code is there.
    pub fn program(&self, vm: &mut Vm, name: &str, text: &str) -> Result<Program, Failure> {
        if self.reads
            && let Ok(bytes) = fs::read(&self.file)
            && let Ok(image) = Image::open(&bytes)
            && is_of(&image, vm, name, text)
        {
            return image.program(vm);
        }
        let program = Program::new(vm, name, text)?;
        // What cannot be kept is compiled again the next time.
        let _ = write(&self.file, &image(vm, &program, name, text));
        Ok(program)
    }
}

/// The file for a program's code in a folder.
pub fn file_for(folder: &Path, program: &Path) -> PathBuf {
    let stem = program.file_stem().unwrap_or(program.as_os_str());
    folder.join(stem).with_extension("gir")
}

/// Is it the image that the program with this text would get?
pub fn is_of(image: &Image, vm: &Vm, name: &str, text: &str) -> bool {
    image.name == name && image.text == text && image.has_settings_of(vm)
}

/// Is a file an image, by its name?
pub fn is_image(file: &Path) -> bool {
    file.extension() == Some(OsStr::new("gir"))
}

/// Writes a file as a whole: whoever looks sees the old one or the new one.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // What the process may give others is said by its umask.
    let anyone = fs::Permissions::from_mode(0o666);
    let mut new = Builder::new().permissions(anyone).tempfile_in(folder)?;
    new.write_all(bytes)?;
    new.persist(file)?;
    Ok(())
}
