//! Source texts and positions in them.

/// A position in some source: an offset into all texts of a [`SourceMap`]
/// laid end to end. It fits the header of a Gene value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct Pos(pub u32);

impl Pos {
    /// No known place.
    pub const NONE: Pos = Pos(0);

    /// The position `bytes` behind this one in the same text.
    #[must_use]
    pub fn offset(self, bytes: usize) -> Pos {
        match self {
            Pos::NONE => Pos::NONE,
            Pos(first) => Pos(first + bytes as u32),
        }
    }
}

/// One source text.
pub struct Source {
    /// What messages call it: a path, `<eval>` …
    pub name: Box<str>,
    /// The text.
    pub text: Box<str>,
    first: u32,
    line_starts: std::cell::OnceCell<Vec<u32>>,
}

impl Source {
    /// The position of its first byte.
    pub fn first(&self) -> Pos {
        Pos(self.first)
    }
}

/// A place in a source, as messages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Name of the source.
    pub file: Box<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// All texts that a VM has read.
pub struct SourceMap {
    sources: Vec<Source>,
    next: u32,
}

impl Default for SourceMap {
    fn default() -> SourceMap {
        // Position 0 is `Pos::NONE`.
        SourceMap {
            sources: Vec::new(),
            next: 1,
        }
    }
}

impl SourceMap {
    /// Adds a text and answers the position of its first byte. When the space of positions (4 GiB) is used up,
    /// further texts have no positions.
    pub fn add(&mut self, name: &str, text: &str) -> Pos {
        let Some(next) = u32::try_from(text.len())
            .ok()
            .and_then(|len| self.next.checked_add(len)?.checked_add(1))
        else {
            return Pos::NONE;
        };
        let first = std::mem::replace(&mut self.next, next);
        self.sources.push(Source {
            name: name.into(),
            text: text.into(),
            first,
            line_starts: Default::default(),
        });
        Pos(first)
    }

    /// The start of the text that was added last.
    pub fn latest(&self) -> Pos {
        self.sources
            .last()
            .map_or(Pos::NONE, |source| Pos(source.first))
    }

    /// The source that holds a position, and the byte offset in it.
    pub fn source(&self, pos: Pos) -> Option<(&Source, usize)> {
        if pos == Pos::NONE {
            return None;
        }
        let index = self
            .sources
            .partition_point(|s| s.first <= pos.0)
            .checked_sub(1)?;
        let source = &self.sources[index];
        Some((source, (pos.0 - source.first) as usize))
    }

    /// File, line and column of a position.
    pub fn location(&self, pos: Pos) -> Option<Location> {
        let (source, offset) = self.source(pos)?;
        let starts = source.line_starts.get_or_init(|| {
            let ends = source
                .text
                .bytes()
                .enumerate()
                .filter(|&(_, byte)| byte == b'\n');
            std::iter::once(0)
                .chain(ends.map(|(at, _)| at as u32 + 1))
                .collect()
        });
        let line = starts.partition_point(|&start| start as usize <= offset);
        let before = source
            .text
            .get(starts[line - 1] as usize..offset)
            .unwrap_or("");
        Some(Location {
            file: source.name.clone(),
            line,
            column: before.chars().count() + 1,
        })
    }
}
