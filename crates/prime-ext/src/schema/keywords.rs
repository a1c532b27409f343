//! The keywords of JSON Schema, and what strict mode makes of them.
//!
//! The source is "Supported schemas" of OpenAI's guide to Structured Outputs
//! (<https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>), read in 2026. It lists the
//! supported keywords of strings, numbers and arrays, and names `allOf`, `not`, `dependentRequired`,
//! `dependentSchemas`, `if`, `then` and `else` as not supported. Every other keyword that restricts values is treated
//! as not supported too, because a request with such a keyword is rejected.

/// What strict mode makes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    /// The keyword is supported, and handled by its name.
    Known,
    /// The keyword is supported for values of this type, and kept as it is.
    For(&'static [&'static str]),
    /// The keyword describes, and is kept.
    Description,
    /// The keyword restricts values, and is not supported.
    Unsupported,
    /// The keyword only describes, or is not one of JSON Schema. It is removed.
    Annotation,
}

const NUMBERS: &[&str] = &["number", "integer"];

/// The types of JSON Schema.
pub(super) const TYPES: &[&str] = &[
    "array", "boolean", "integer", "null", "number", "object", "string",
];

/// The formats of strings in strict mode.
pub(super) const FORMATS: &[&str] = &[
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
];

pub(super) fn keyword(name: &str) -> Keyword {
    match name {
        "$ref"
        | "$defs"
        | "definitions"
        | "type"
        | "enum"
        | "const"
        | "anyOf"
        | "oneOf"
        | "properties"
        | "required"
        | "additionalProperties"
        | "unevaluatedProperties"
        | "items"
        | "format" => Keyword::Known,
        "pattern" => Keyword::For(&["string"]),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            Keyword::For(NUMBERS)
        }
        "minItems" | "maxItems" => Keyword::For(&["array"]),
        "title" | "description" => Keyword::Description,
        "allOf" | "not" | "if" | "then" | "else" | "dependentRequired" | "dependentSchemas"
        | "dependencies" | "patternProperties" | "propertyNames" | "minProperties"
        | "maxProperties" | "prefixItems" | "additionalItems" | "unevaluatedItems" | "contains"
        | "minContains" | "maxContains" | "uniqueItems" | "minLength" | "maxLength" | "$id"
        | "$anchor" | "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" | "$recursiveAnchor"
        | "$vocabulary" => Keyword::Unsupported,
        _ => Keyword::Annotation,
    }
}
