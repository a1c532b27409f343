//! Names of a document as names of Rust.

use heck::{ToPascalCase as _, ToShoutySnakeCase as _, ToSnakeCase as _};
use syn::Ident;

/// A type's name, as typify makes it.
pub(super) fn type_name(text: &str) -> Result<Ident, String> {
    ident(text, &words(text).to_pascal_case())
}

/// A variant's name: `tool_calls` is `ToolCalls`, `QUEUED` is `Queued`, nothing is `Empty`.
pub(super) fn variant_name(text: &str) -> Result<Ident, String> {
    let name = words(text).to_pascal_case();
    let name = if name.is_empty() {
        "Empty".to_owned()
    } else {
        name
    };
    ident(text, &name)
}

/// A parameter's name, as progenitor makes it.
pub(super) fn parameter_name(text: &str) -> String {
    let name = words(&text.replace('\'', "")).to_snake_case();
    match name.chars().next() {
        None => "x".to_owned(),
        Some(c) if !c.is_ascii_alphabetic() => format!("_{name}"),
        Some(_) if syn::parse_str::<Ident>(&name).is_err() || name == "gen" => format!("{name}_"),
        Some(_) => name,
    }
}

/// A constant's name.
pub(super) fn constant_name(text: &str) -> Result<Ident, String> {
    ident(text, &words(text).to_shouty_snake_case())
}

/// A text of what can stand in names, words apart.
fn words(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

/// A number for a text of which no letter can stand in a name.
fn number_of(text: &str) -> u32 {
    text.chars().fold(0, |sum: u32, c| {
        sum.wrapping_mul(31).wrapping_add(u32::from(c))
    })
}

/// A name, with something before it if it could not stand alone.
fn ident(text: &str, name: &str) -> Result<Ident, String> {
    syn::parse_str(name)
        .or_else(|_| syn::parse_str(&format!("V{name}")))
        .or_else(|_| syn::parse_str(&format!("V{}", number_of(text))))
        .map_err(|_| format!("{text:?} cannot become a name of Rust"))
}
