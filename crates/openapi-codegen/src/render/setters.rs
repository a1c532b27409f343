//! Renders the setters of operations as text. They are most of the code of a client, and parsing it takes long.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::modules;
use super::text::{Rendered, compact};

/// Replaces the setters in the module `builder` of progenitor's output. Those of bodies remain: they are changed later.
pub(super) fn take(tokens: TokenStream, rendered: &mut Rendered) -> TokenStream {
    modules::replace(tokens, "builder", |items| {
        let items = items.into_iter().map(|tree| match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let stream = group.stream();
                // Otherwise the contents are shared, and iterating over them copies them.
                drop(group);
                Group::new(Delimiter::Brace, of_block(stream, rendered)).into()
            }
            tree => tree,
        });
        items.collect()
    })
}

/// Replaces the setters in an implementation.
fn of_block(functions: TokenStream, rendered: &mut Rendered) -> TokenStream {
    let mut kept = TokenStream::new();
    let mut function = TokenStream::new();
    let mut setters = String::new();
    for tree in functions {
        let body = match &tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => group.stream(),
            _ => {
                function.extend([tree]);
                continue;
            }
        };
        match setter(&function, &body) {
            Some(setter) => {
                setters.push_str(&setter);
                function = TokenStream::new();
            }
            None => {
                kept.extend(rendered.replace(&mut setters));
                kept.extend(std::mem::take(&mut function));
                kept.extend([tree]);
            }
        }
    }
    kept.extend(rendered.replace(&mut setters));
    kept.extend(function);
    kept
}

/// Renders a setter, if the function has the form that progenitor generates:
///
/// ```text
/// pub fn limit<V>(mut self, value: V,) -> Self where V: std::convert::TryInto<i64>, {
///     self.limit = value.try_into().map(Some).map_err(|_| "…".to_string());
///     self
/// }
/// ```
fn setter(signature: &TokenStream, body: &TokenStream) -> Option<String> {
    let signature = compact(signature);
    let (name, bound) = signature
        .strip_prefix("pub fn ")?
        .split_once("<V>(mut self, value:V, )->Self where V:std::convert::TryInto<")?;
    let ty = bound.strip_suffix(">, ").filter(|_| name != "body")?;
    let body = compact(body);
    let conversion = body.strip_prefix(&format!("self.{name}=value.try_into()"))?;
    let (map, conversion) = match conversion.strip_prefix(".map(Some)") {
        Some(rest) => ("\n            .map(Some)", rest),
        None => ("", conversion),
    };
    let error = conversion
        .strip_prefix(".map_err(|_|")?
        .strip_suffix(".to_string()); self")?;
    let error = rewrite_errors(error);
    Some(format!(
        "    pub fn {name}<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<{ty}>,
    {{
        self.{name} = value
            .try_into(){map}
            .map_err(|_| {error}.to_string());
        self
    }}
"
    ))
}

/// Rewrites progenitor's errors of arguments, such as "conversion to `:: std :: string :: String` for name failed", and
/// "name was not initialized".
pub(super) fn rewrite_errors(text: &str) -> String {
    const BEGIN: &str = "\"conversion to `";
    let mut parts = text.split(BEGIN);
    let mut rewritten = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let message = part.split_once("` for ").and_then(|(ty, rest)| {
            let (name, rest) = rest.split_once(" failed")?;
            let ty = ty.replace(' ', "");
            let ty = ty.strip_prefix("::std::string::").unwrap_or(&ty);
            Some(format!("\"`{name}` is not a valid `{ty}`{rest}"))
        });
        rewritten.push_str(&message.unwrap_or_else(|| format!("{BEGIN}{part}")));
    }
    name_missing_arguments(&rewritten)
}

fn name_missing_arguments(text: &str) -> String {
    const END: &str = " was not initialized\"";
    let mut parts = text.split(END).peekable();
    let mut rewritten = String::with_capacity(text.len());
    while let Some(part) = parts.next() {
        match part.rsplit_once('"') {
            Some((before, name)) if parts.peek().is_some() => {
                rewritten.push_str(&format!("{before}\"`{name}` is not set\""));
            }
            _ => rewritten.push_str(part),
        }
    }
    rewritten
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn setters_of_parameters_are_text_and_those_of_bodies_remain() {
        let setter = |name: &str| {
            let name = quote::format_ident!("{name}");
            quote! {
                pub fn #name<V>(mut self, value: V,) -> Self
                where
                    V: std::convert::TryInto<::std::vec::Vec<types::Tag>>,
                {
                    self.#name = value
                        .try_into()
                        .map(Some)
                        .map_err(|_| "conversion to `:: std :: vec :: Vec < Tag >` for tags failed".to_string());
                    self
                }
            }
        };
        let (tags, body) = (setter("tags"), setter("body"));
        let mut rendered = Rendered::default();
        let errors = r#"Err("name was not initialized".to_string()), Err("other was not initialized".to_string())"#;
        let rewritten =
            r#"Err("`name` is not set".to_string()), Err("`other` is not set".to_string())"#;
        assert_eq!(rewrite_errors(errors), rewritten);
        let tokens = quote!(mod builder { impl Get { fn new() {} #tags #body } });
        let tokens = take(tokens, &mut rendered);
        let kept = quote!(mod builder { impl Get { fn new() {} rendered!(0); #body } });
        assert_eq!(tokens.to_string(), kept.to_string());
        let expected = "
    pub fn tags<V>(mut self, value: V) -> Self
    where
        V: std::convert::TryInto<::std::vec::Vec<types::Tag>>,
    {
        self.tags = value
            .try_into()
            .map(Some)
            .map_err(|_| \"`tags` is not a valid `::std::vec::Vec<Tag>`\".to_string());
        self
    }
";
        assert_eq!(rendered.insert_into("\n    rendered!(0);\n"), expected);
    }
}
