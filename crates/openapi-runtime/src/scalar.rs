//! The text of values in queries and forms.

use serde_json::value::RawValue;

/// A kind of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    List,
    Object,
    Scalar,
}

/// Returns the kind of a value.
pub(crate) fn kind(json: &RawValue) -> Kind {
    match json.get().as_bytes().first() {
        Some(b'n') => Kind::Null,
        Some(b'[') => Kind::List,
        Some(b'{') => Kind::Object,
        _ => Kind::Scalar,
    }
}

/// Returns the text of a string, a number or a boolean. A whole number has no fraction: services refuse `1.0` where they
/// expect a page number. `None` for other values.
pub(crate) fn text(json: &RawValue) -> Option<String> {
    let scalar = Some(json.get()).filter(|_| kind(json) == Kind::Scalar)?;
    match scalar.starts_with('"') {
        true => serde_json::from_str(scalar).ok(),
        false => Some(scalar.strip_suffix(".0").unwrap_or(scalar).to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;

    #[test]
    fn numbers_are_written_without_an_empty_fraction() {
        let texts = [1.0, -20.0, 0.5].map(|n| text(&to_raw_value(&n).unwrap()).unwrap());
        assert_eq!(texts, ["1", "-20", "0.5"]);
        assert_eq!(text(&to_raw_value("1.0").unwrap()).unwrap(), "1.0");
    }
}
