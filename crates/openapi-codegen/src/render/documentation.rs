//! Formats doc comments.

use proc_macro2::Span;
use quote::format_ident;
use syn::visit_mut::VisitMut;
use syn::{AttrStyle, Attribute, Block, Expr, ExprLit, Lit, LitStr, Meta, MetaNameValue};

use super::operations::Operation;

/// Writes doc comments with one attribute per line, each beginning with a space.
pub(super) struct Documentation<'a> {
    pub(super) operations: &'a [&'a Operation],
}

impl VisitMut for Documentation<'_> {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        // Doc comments come before other attributes.
        let mut sorted = Vec::with_capacity(attributes.len());
        attributes.sort_by_key(|attribute| documentation(attribute).is_none());
        for attribute in attributes.drain(..) {
            let Some(text) = documentation(&attribute) else {
                sorted.push(attribute);
                continue;
            };
            let style = attribute.style;
            for line in self.lines(&text) {
                let line = if line.is_empty() {
                    line
                } else {
                    format!(" {line}")
                };
                sorted.push(line_of(&line, style));
            }
        }
        *attributes = sorted;
    }

    /// Function bodies contain no doc comments.
    fn visit_block_mut(&mut self, _: &mut Block) {}
}

impl Documentation<'_> {
    fn lines(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        if text.is_empty() {
            lines.push(String::new());
            return lines;
        }
        let (mut in_example, mut in_fence) = (false, false);
        for line in text.trim().lines() {
            let line = line.trim_end();
            // Remove the example, which does not compile here.
            if line.ends_with("```ignore") || (in_example && line == "```") {
                in_example = !in_example;
                let words = line.trim_end_matches("```ignore");
                if words != line && !words.is_empty() {
                    lines.push(words.to_owned());
                }
                continue;
            }
            if in_example {
                continue;
            }
            if line.trim_start().starts_with("```") {
                in_fence = !in_fence;
                if in_fence && line.ends_with("```") {
                    // Without a language, the code would be compiled and run as an example.
                    lines.push(format!("{}text", line.strip_prefix(' ').unwrap_or(line)));
                    continue;
                }
            }
            if let Some(rest) = line.strip_prefix("Sends a `") {
                lines.push(self.request_line(rest, line));
                continue;
            }
            lines.push(line.strip_prefix(' ').unwrap_or(line).to_owned());
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// Rewrites "Sends a `GET` request to `/models#stream`": removes the fragment and links to the
    /// operation's documentation.
    fn request_line(&self, rest: &str, line: &str) -> String {
        let mut parts = rest.split('`');
        let (Some(method), Some(_), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            return line.to_owned();
        };
        let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
        // The fragment is the method if OpenAPI 3.0 has no field for it.
        let mut others = self
            .operations
            .iter()
            .filter_map(|one| one.other_method.as_deref());
        let method = others.find(|other| *other == fragment).unwrap_or(method);
        let documented = self
            .operations
            .iter()
            .find(|operation| operation.method == method && operation.path == path)
            .and_then(|operation| operation.documentation.as_deref());
        match documented {
            Some(url) => format!("Sends `{method} {path}`, documented at <{url}>."),
            None => format!("Sends `{method} {path}`, as defined in the specification."),
        }
    }
}

/// Creates `#[doc = …]` without parsing, because there are hundreds of thousands of them.
fn line_of(text: &str, style: AttrStyle) -> Attribute {
    let text = LitStr::new(text, Span::call_site());
    Attribute {
        pound_token: Default::default(),
        style,
        bracket_token: Default::default(),
        meta: Meta::NameValue(MetaNameValue {
            path: format_ident!("doc").into(),
            eq_token: Default::default(),
            value: Expr::Lit(ExprLit {
                attrs: Vec::new(),
                lit: Lit::Str(text),
            }),
        }),
    }
}

fn documentation(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
