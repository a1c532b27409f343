//! Implements `Lenient` for the generated types. Responses can then be read even if parts of them do not match the
//! specification.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use quote::ToTokens as _;
use syn::{Fields, GenericArgument, Ident, ItemEnum, ItemStruct, PathArguments, Type, parse_quote};

use super::field_attributes::{FieldAttributes, arguments_of};
use super::text::compact;

/// Types outside the generated crate that implement `Lenient`.
const EXTERNAL_TYPES: &[&str] = &[
    "bool",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "u8",
    "u16",
    "u32",
    "u64",
    "Number",
    "String",
    "Value",
    "Secret",
    "TextOrParts",
    "Timestamp",
    "Usd",
];

/// Types that implement `Lenient` if their last argument does.
const WRAPPERS: &[&str] = &["Box", "BTreeMap", "HashMap", "Nullable", "Option", "Vec"];

/// Number types. If a number cannot be read, it is not replaced by the default of its field, which would be a guess.
const NUMBERS: &[&str] = &[
    "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "Number", "Usd",
];

/// Returns the type whose `Lenient` implementation reads a value of the given type. `generated` contains the names of
/// the generated types.
pub(super) fn lenient_type(ty: &Type, generated: &BTreeSet<String>) -> Type {
    let strict = || parse_quote!(lenient::Strict<#ty>);
    let Type::Path(path) = ty else {
        return if ty.to_token_stream().to_string() == "()" {
            ty.clone()
        } else {
            strict()
        };
    };
    let Some(last) = path.path.segments.last() else {
        return strict();
    };
    let name = last.ident.to_string();
    let krate = path.path.leading_colon.and(path.path.segments.first());
    let is_external = EXTERNAL_TYPES.contains(&name.as_str())
        && krate.is_none_or(|krate| {
            ["openapi_runtime", "serde_json", "std"]
                .iter()
                .any(|name| krate.ident == name)
        });
    let is_generated = krate.is_none() && generated.contains(&name);
    let is_map = name == "Map" && krate.is_some_and(|krate| krate.ident == "serde_json");
    match &last.arguments {
        PathArguments::None if is_generated || is_external => ty.clone(),
        PathArguments::AngleBracketed(_) if is_map => ty.clone(),
        PathArguments::AngleBracketed(_) if WRAPPERS.contains(&name.as_str()) => {
            let mut wrapper = path.clone();
            if let Some(last) = wrapper.path.segments.last_mut()
                && let PathArguments::AngleBracketed(arguments) = &mut last.arguments
                && let Some(GenericArgument::Type(inner)) = arguments.args.last_mut()
            {
                *inner = lenient_type(inner, generated);
            }
            Type::Path(wrapper)
        }
        _ => strict(),
    }
}

/// Returns whether the type itself implements `Lenient`.
pub(super) fn is_lenient(ty: &Type, generated: &BTreeSet<String>) -> bool {
    lenient_type(ty, generated) == *ty
}

/// Implements `Lenient` for a struct.
pub(super) fn of_struct(
    item: &ItemStruct,
    attributes: &[FieldAttributes],
    generated: &BTreeSet<String>,
) -> String {
    let derives = item.attrs.iter().filter(|a| a.path().is_ident("derive"));
    let is_derived = derives
        .map(arguments_of)
        .collect::<String>()
        .contains("Deserialize");
    match &item.fields {
        Fields::Named(_) if is_derived => {}
        Fields::Unnamed(fields) if is_derived && fields.unnamed.len() == 1 => {
            let inner = compact(&lenient_type(&fields.unnamed[0].ty, generated));
            let body = format!("<{inner} as lenient::Lenient>::normalize(json, out)");
            return implementation(&item.ident, &body);
        }
        _ => return strict(&item.ident),
    }
    let mut fields = String::new();
    for (field, attributes) in item.fields.iter().zip(attributes) {
        let Some(wire) = attributes
            .wire
            .as_ref()
            .filter(|_| !attributes.is_flattened())
        else {
            continue;
        };
        let ty = match attributes.has_several_formats() {
            true => {
                let inner = first_type_argument(&field.ty);
                parse_quote!(lenient::AnyFormat<#inner>)
            }
            false => lenient_type(&field.ty, generated),
        };
        let is_number = NUMBERS.iter().any(|number| ends_with(&field.ty, number));
        let kind = match attributes.default_expr() {
            Some(_) if is_number => "exact",
            Some(_) => "optional",
            None => "required",
        };
        let ty = compact(&ty);
        let _ = writeln!(
            fields,
            "            lenient::Field::{kind}::<{ty}>({wire:?}),"
        );
    }
    let flattened = item
        .fields
        .iter()
        .zip(attributes)
        .find(|(_, attributes)| attributes.is_flattened());
    let object = match flattened {
        Some((field, _)) => {
            let extra = compact(&lenient_type(last_type_argument(&field.ty), generated));
            format!("object_with_extra::<{extra}>")
        }
        None => "object".to_owned(),
    };
    let body = format!(
        "const FIELDS: &[lenient::Field] = &[\n{fields}        ];\n        out.{object}(json, FIELDS)"
    );
    implementation(&item.ident, &body)
}

/// Implements `Lenient` for an enum. An enum is read only if it matches exactly.
pub(super) fn of_enum(item: &ItemEnum) -> String {
    strict(&item.ident)
}

fn strict(name: &Ident) -> String {
    implementation(
        name,
        "<lenient::Strict<Self> as lenient::Lenient>::normalize(json, out)",
    )
}

/// Renders an implementation of `Lenient`. `body` is the body of `normalize`, which rewrites `json` to `out`.
pub(super) fn implementation(name: &Ident, body: &str) -> String {
    format!(
        "
impl lenient::Lenient for {name} {{
    fn normalize(json: &lenient::RawValue, out: &mut lenient::Normalizer) -> lenient::Normalized {{
        {body}
    }}
}}
"
    )
}

/// The import that the implementations need.
pub(super) const IMPORT: &str = "use ::openapi_runtime::lenient;\n";

/// Returns the first type argument, such as the `T` of `Option<T>`. Returns the type itself if it has none.
pub(super) fn first_type_argument(ty: &Type) -> &Type {
    type_arguments(ty).next().unwrap_or(ty)
}

/// Returns the last type argument, such as the type of the values of a map. Returns the type itself if it has none.
fn last_type_argument(ty: &Type) -> &Type {
    type_arguments(ty).last().unwrap_or(ty)
}

fn type_arguments(ty: &Type) -> impl Iterator<Item = &Type> {
    let arguments = match ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.arguments),
        _ => None,
    };
    let arguments = match arguments {
        Some(PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// Returns whether a type is a path that ends with a name.
pub(super) fn ends_with(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}
