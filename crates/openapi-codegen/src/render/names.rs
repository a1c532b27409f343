//! Converts names of a document to Rust names.

use heck::{ToPascalCase as _, ToShoutySnakeCase as _, ToSnakeCase as _};
use syn::Ident;

/// Returns a type name, with the same rules as typify.
pub(super) fn type_name(text: &str) -> Result<Ident, String> {
    ident(text, &words(text).to_pascal_case())
}

/// Returns a variant name: `tool_calls` becomes `ToolCalls`, `QUEUED` becomes `Queued`, the empty string
/// becomes `Empty`.
pub(super) fn variant_name(text: &str) -> Result<Ident, String> {
    let name = words(text).to_pascal_case();
    let name = if name.is_empty() {
        "Empty".to_owned()
    } else {
        name
    };
    ident(text, &name)
}

/// Returns a parameter name, with the same rules as progenitor.
pub(super) fn parameter_name(text: &str) -> String {
    let name = words(&text.replace('\'', "")).to_snake_case();
    match name.chars().next() {
        None => "x".to_owned(),
        Some(c) if !c.is_ascii_alphabetic() => format!("_{name}"),
        Some(_) if syn::parse_str::<Ident>(&name).is_err() || name == "gen" => format!("{name}_"),
        Some(_) => name,
    }
}

/// Returns a constant name.
pub(super) fn constant_name(text: &str) -> Result<Ident, String> {
    ident(text, &words(text).to_shouty_snake_case())
}

/// Replaces all characters that are invalid in identifiers with word separators.
fn words(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

/// Returns a number for a text without any character that is valid in identifiers.
fn number_of(text: &str) -> u32 {
    text.chars().fold(0, |sum: u32, c| {
        sum.wrapping_mul(31).wrapping_add(u32::from(c))
    })
}

/// Parses an identifier, with a prefix if it is not valid by itself.
fn ident(text: &str, name: &str) -> Result<Ident, String> {
    syn::parse_str(name)
        .or_else(|_| syn::parse_str(&format!("V{name}")))
        .or_else(|_| syn::parse_str(&format!("V{}", number_of(text))))
        .map_err(|_| format!("cannot convert {text:?} to a Rust identifier"))
}
