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
        let (mut lines, mut others) = (Vec::new(), Vec::new());
        let mut is_empty = true;
        for attribute in attributes.drain(..) {
            let Some(text) = documentation(&attribute) else {
                others.push(attribute);
                continue;
            };
            is_empty &= text.trim().is_empty();
            let style = attribute.style;
            lines.extend(
                self.lines(&text)
                    .into_iter()
                    .map(|line| match line.as_str() {
                        "" => line_of(&line, style),
                        line => line_of(&format!(" {line}"), style),
                    }),
            );
        }
        if !is_empty {
            attributes.append(&mut lines);
        }
        attributes.append(&mut others);
    }

    /// Function bodies contain no doc comments.
    fn visit_block_mut(&mut self, _: &mut Block) {}
}

impl Documentation<'_> {
    /// Returns the doc comments among attributes as text.
    pub(super) fn comments(&self, attributes: &[Attribute], indent: &str) -> String {
        let texts = attributes.iter().filter_map(documentation);
        let lines = texts.flat_map(|text| self.lines(&text));
        let comments = lines.map(|line| format!("{}\n", format!("{indent}/// {line}").trim_end()));
        comments.collect()
    }

    fn lines(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        if text.is_empty() {
            lines.push(String::new());
            return lines;
        }
        let (mut in_example, mut in_fence) = (false, false);
        // A comment in quoted code begins with a space, and the text of a document may be indented.
        let mut all = text.lines().filter(|line| !line.trim().is_empty());
        let indent = match all.all(|line| line.starts_with(' ')) {
            true => 1,
            false => 0,
        };
        let mut code = IndentedCode::default();
        for (index, line) in text.trim_end().lines().enumerate() {
            let line = match index {
                0 => line.trim(),
                _ => line.get(indent..).unwrap_or_default().trim_end(),
            };
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
                    lines.push(format!("{line}text"));
                    continue;
                }
            }
            if let Some(rest) = line.strip_prefix("Sends a `") {
                lines.push(self.request_line(rest, line));
                continue;
            }
            match in_fence {
                true => lines.push(line.to_owned()),
                false => code.push(line, &mut lines),
            }
        }
        code.end(&mut lines);
        move_sections(&mut lines);
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        let first = lines.iter().position(|line| !line.is_empty());
        lines.split_off(first.unwrap_or_default())
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

/// Moves the sections about responses behind the request and its arguments, which progenitor adds at the end.
fn move_sections(lines: &mut Vec<String>) {
    let Some(request) = lines.iter().position(|line| line.starts_with("Sends `")) else {
        return;
    };
    let is_section = |line: &String| ["# Returns", "# Errors"].contains(&line.as_str());
    let Some(first) = lines[..request].iter().position(is_section) else {
        return;
    };
    let sections: Vec<String> = lines.drain(first..request).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.push(String::new());
    lines.extend(sections);
}

/// Puts indented code into fences: it would be compiled and run as an example.
#[derive(Default)]
struct IndentedCode {
    is_open: bool,
    /// Whether the text before is part of a list, whose items continue with an indent.
    in_list: bool,
    was_text: bool,
}

impl IndentedCode {
    fn push(&mut self, line: &str, lines: &mut Vec<String>) {
        const INDENT: &str = "    ";
        let code = line.strip_prefix(INDENT);
        if line.is_empty() {
            self.was_text = false;
        } else if let Some(code) = code.filter(|_| self.is_open) {
            lines.push(code.to_owned());
            return;
        } else if let Some(code) = code.filter(|_| !self.was_text && !self.in_list) {
            self.is_open = true;
            lines.extend(["```text".to_owned(), code.to_owned()]);
            return;
        } else {
            self.end(lines);
            self.was_text = true;
            if !line.starts_with(' ') {
                let number = line.split_once(['.', ')']);
                let is_number = number.is_some_and(|(number, _)| number.parse::<u32>().is_ok());
                self.in_list =
                    is_number || ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark));
            }
        }
        lines.push(line.to_owned());
    }

    /// Closes the fence, before the blank lines that follow the code.
    fn end(&mut self, lines: &mut Vec<String>) {
        if std::mem::take(&mut self.is_open) {
            let blank = lines
                .iter()
                .rev()
                .take_while(|line| line.is_empty())
                .count();
            lines.insert(lines.len() - blank, "```".to_owned());
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
