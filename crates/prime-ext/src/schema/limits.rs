//! The limits of strict mode.

use serde_json::Value;

/// The limits are those of OpenAI's guide to Structured Outputs, as of 2026.
const MAX_PROPERTIES: usize = 5_000;
const MAX_LEVELS: usize = 10;
const MAX_CHARACTERS: usize = 120_000;
const MAX_ENUM_VALUES: usize = 1_000;
const LARGE_ENUM: usize = 250;
const MAX_LARGE_ENUM_CHARACTERS: usize = 15_000;

/// Counts what the limits of strict mode apply to.
#[derive(Debug, Default)]
pub(super) struct Size {
    pub(super) properties: usize,
    /// The number of objects and lists that contain each other. The guide does not say whether lists count.
    pub(super) levels: usize,
    /// The characters of the names of properties and definitions, and of the values of `enum` and `const`.
    characters: usize,
    enum_values: usize,
}

impl Size {
    pub(super) fn add_name(&mut self, name: &str) {
        self.characters += name.chars().count();
    }

    pub(super) fn add_const(&mut self, value: &Value) {
        self.characters += characters(value);
    }

    /// Counts the values of an `enum`, and returns what exceeds the limit of a single one.
    pub(super) fn add_enum(&mut self, values: &[Value]) -> Option<String> {
        let characters = values.iter().map(characters).sum::<usize>();
        self.enum_values += values.len();
        self.characters += characters;
        let is_too_large = values.len() > LARGE_ENUM && characters > MAX_LARGE_ENUM_CHARACTERS;
        is_too_large.then(|| {
            format!(
                "an `enum` with more than {LARGE_ENUM} values has at most {MAX_LARGE_ENUM_CHARACTERS} characters in strict \
                 mode, not {characters}"
            )
        })
    }

    /// Returns what exceeds the limits of a schema.
    pub(super) fn excess(&self) -> Vec<String> {
        let limits = [
            (self.properties, MAX_PROPERTIES, "properties"),
            (self.levels, MAX_LEVELS, "levels of objects and lists"),
            (
                self.characters,
                MAX_CHARACTERS,
                "characters in names and values",
            ),
            (self.enum_values, MAX_ENUM_VALUES, "values in `enum`s"),
        ];
        let excess = limits.into_iter().filter(|(size, limit, _)| size > limit);
        excess
            .map(|(size, limit, what)| {
                format!("a schema has at most {limit} {what} in strict mode, not {size}")
            })
            .collect()
    }
}

/// Returns the number of characters of a string. Other values do not count.
fn characters(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}
