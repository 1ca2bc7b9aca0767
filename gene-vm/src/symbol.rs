//! Interned names. The table is shared by all VMs of the process and never
//! shrinks.

use rustc_hash::FxHashMap;
use std::sync::{LazyLock, RwLock};

/// An interned name. Equal names are equal symbols.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Symbol(u32);

struct Table {
    numbers: FxHashMap<&'static str, u32>,
    names: Vec<&'static str>,
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(|| {
    let mut table = Table {
        numbers: FxHashMap::default(),
        names: Vec::with_capacity(1024),
    };
    table.numbers.reserve(1024);
    for (number, &name) in WELL_KNOWN.iter().enumerate() {
        table.numbers.insert(name, number as u32);
        table.names.push(name);
    }
    RwLock::new(table)
});

impl Symbol {
    /// The symbol with this name.
    pub fn intern(name: &str) -> Symbol {
        if let Some(&number) = TABLE
            .read()
            .expect("the table is never left half-changed")
            .numbers
            .get(name)
        {
            return Symbol(number);
        }
        let mut table = TABLE.write().expect("the table is never left half-changed");
        if let Some(&number) = table.numbers.get(name) {
            return Symbol(number);
        }
        let number = table.names.len() as u32;
        let name: &'static str = Box::leak(name.into());
        table.names.push(name);
        table.numbers.insert(name, number);
        Symbol(number)
    }

    /// The symbol with this name, if there is one already: look-ups of made-up names need not grow the table.
    pub fn find(name: &str) -> Option<Symbol> {
        let table = TABLE.read().expect("the table is never left half-changed");
        table.numbers.get(name).map(|&number| Symbol(number))
    }

    /// The name.
    pub fn name(self) -> &'static str {
        TABLE
            .read()
            .expect("the table is never left half-changed")
            .names[self.0 as usize]
    }

    /// The number of the symbol in the table.
    #[inline]
    pub const fn index(self) -> u32 {
        self.0
    }

    /// The symbol with this number, which came from [`Symbol::index`].
    #[inline]
    pub(crate) const fn from_index(number: u32) -> Symbol {
        Symbol(number)
    }
}

impl std::fmt::Display for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Debug for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! well_known {
    ($($constant:ident $name:literal)*) => {
        const WELL_KNOWN: &[&str] = &[$($name),*];
        /// Symbols that the runtime itself uses, known when it is compiled.
        #[allow(missing_docs, reason = "each constant is the name it stands for")]
        pub mod sym {
            use super::Symbol;
            #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "only counts")]
            #[repr(u32)]
            enum Number { $($constant),* }
            $(pub const $constant: Symbol = Symbol(Number::$constant as u32);)*
        }
    };
}

well_known! {
    EMPTY "" PLACEHOLDER "_" SELF "self" NOT_FOUND "not_found"
    DO "do" IF "if" IFEL "ifel" IF_NOT "if_not" THEN "then" ELIF "elif" ELSE "else" NOT "not" VAR "var" LET "let"
    WHILE "while" LOOP "loop" FOR "for" IN "in" REPEAT "repeat" BREAK "break" CONTINUE "continue" CASE "case"
    WHEN "when" RETURN "return" FROM "from" NAME "name"
    FN "fn" BLOCK "block" ARROW "->" EVAL "eval" CALLER_EVAL "$caller_eval" RENDER "$render" RANGE "range"
    CLASS "class" OBJECT "object" NEW "new" SUPER "super" CTOR "ctor" METHOD "method" FIELD "field"
    ON_METHOD_MISSING "on_method_missing" IMPLEMENTS "implements" ENUM "enum" VALUES "values" YIELD "yield"
    NS "ns" IMPORT "import" EXPORT "export" IF_MAIN "$if_main" COMPTIME "comptime" DEP "$dep"
    TRY "try" CATCH "catch" FINALLY "finally" THROW "throw" TYPEOF "typeof" TYPE "type" PARSE "$parse" TAP "$tap"
    ASYNC "async" AWAIT "await" AT "@" DOT_SLASH "./" SET "$set" INTERFACE "interface" IMPLEMENT "implement"
    ASSIGN "=" ADD_ASSIGN "+=" SUB_ASSIGN "-=" MUL_ASSIGN "*=" DIV_ASSIGN "/=" MOD_ASSIGN "%="
    ADD "+" SUB "-" MUL "*" DIV "/" MOD "%" CONCAT "++" SHL "<<" SHR ">>" LT "<" LE "<=" GT ">" GE ">=" EQ "==" NE "!="
    IS "is" AND "&&" XOR "&|&" OR "||" BANG "!" QUESTION "?" DOTDOT ".." ELLIPSIS "..." DOT "." PIPE "|"
    STAR_STAR "**" AT_AT "@@" DOLLAR "$" STR "#Str" HASH_MAP "#HashMap" MATCH "match" REPL "$repl"
    MESSAGE "message" CAUSE "cause" LOCATION "location" CODE "code" RESULT "result" PRE "pre" POST "post" INTENT "intent"
    EXAMPLES "examples" GENERATOR "generator" CALL "call" ITER "iter" NEXT "next" NEXT_PAIR "next_pair" HASH "hash"
    TO_S "to_s" INIT "__init__" IS_MAIN "__is_main__" MODULE_NAME "__module_name__" GENE "gene" GENEX "genex"
    GLOBAL "global" EX "ex" NS_VAR "$ns" EX_VAR "$ex" TIMEOUT "timeout" STDERR "stderr" PROPS "props" CHILDREN "children"
    FIELDS "fields" ON_MEMBER_MISSING "on_member_missing" CLASS_BODY "<class>"
    TYPE_INT "Int" TYPE_FLOAT "Float" TYPE_STRING "String" TYPE_NUMERIC "Numeric" TYPE_COLLECTION "Collection"
    TYPE_ANY "Any" OK "Ok" ERR "Err" SOME "Some" NONE "None" RESULT_ENUM "Result" OPTION_ENUM "Option"
    VALUE "value" ERROR "error"
}
