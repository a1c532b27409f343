use std::fmt::{self, Write as _};

/// A location in a document, as an RFC 6901 JSON pointer: `#/paths/~1models/get`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Pointer(String);

impl Pointer {
    /// Returns the pointer to the whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads the text of a pointer.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.trim_start_matches('#').to_owned())
    }

    /// Returns the pointer to a child.
    pub fn join(&self, token: impl fmt::Display) -> Self {
        let mut joined = String::with_capacity(self.0.len() + 24);
        joined.push_str(&self.0);
        joined.push('/');
        let begin = joined.len();
        let _ = write!(joined, "{token}");
        if joined[begin..].contains(['~', '/']) {
            let escaped = joined[begin..].replace('~', "~0").replace('/', "~1");
            joined.truncate(begin);
            joined.push_str(&escaped);
        }
        Self(joined)
    }

    /// Iterates over the pointers to the value itself and everything around it, each with the rest of the pointer.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = (Self, &str)> {
        let ends = self.0.rmatch_indices('/').map(|(end, _)| end);
        [self.0.len()]
            .into_iter()
            .chain(ends)
            .map(|end| (Self(self.0[..end].to_owned()), &self.0[end..]))
    }

    /// Appends a rest that [`prefixes`](Self::prefixes) returned.
    pub(crate) fn append(&self, rest: &str) -> Self {
        Self(format!("{}{rest}", self.0))
    }

    /// Returns the unescaped tokens, from the root.
    pub fn tokens(&self) -> Vec<String> {
        let tokens = self.0.split('/').skip(1);
        tokens
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
            .collect()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Pointer;

    #[test]
    fn slashes_and_tildes_are_escaped() {
        let place = Pointer::root().join("paths").join("/a~b").join(0);
        assert_eq!(place.to_string(), "#/paths/~1a~0b/0");
    }
}
