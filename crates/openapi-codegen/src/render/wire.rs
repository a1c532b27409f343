//! Restores names and media types on the wire where progenitor generates different ones.

use proc_macro2::Span;
use quote::quote;
use syn::{Expr, ExprLit, ExprMethodCall, Lit, LitByteStr, LitStr, parse_quote};

use super::operations::Operation;

/// Rewrites an expression in the code of an operation.
pub(super) fn rewrite(operation: &Operation, expression: &mut Expr) {
    match expression {
        Expr::Call(call) if path_ends(&call.func, "QueryParam", "new") => {
            rename(operation, call.args.first_mut());
        }
        Expr::MethodCall(call) if call.method == "append" || call.method == "insert" => {
            rename(operation, call.args.first_mut());
        }
        // Avoid an allocation: most calls have no header parameters, and the capacity includes a removed
        // header.
        Expr::Call(call) if path_ends(&call.func, "HeaderMap", "with_capacity") => {
            let headers = quote!(::reqwest::header::HeaderMap::new());
            *expression = match &operation.raw_accept {
                None => parse_quote!(#headers),
                Some(media) => parse_quote!({
                    let mut headers = #headers;
                    headers.insert(
                        ::reqwest::header::ACCEPT,
                        ::reqwest::header::HeaderValue::from_static(#media),
                    );
                    headers
                }),
            };
        }
        // reqwest has a method for every other HTTP method.
        Expr::MethodCall(call) if call.method == "options" || call.method == "trace" => {
            let method = quote::format_ident!("{}", call.method.to_string().to_uppercase());
            call.method = parse_quote!(request);
            call.args
                .insert(0, parse_quote!(::reqwest::Method::#method));
        }
        Expr::MethodCall(call) if call.method == "post" && operation.other_method.is_some() => {
            let method = LitByteStr::new(operation.method.as_bytes(), Span::call_site());
            call.method = parse_quote!(request);
            call.args.insert(
                0,
                parse_quote!(::reqwest::Method::from_bytes(#method).map_err(|e| Error::invalid_request(e.to_string()))?),
            );
        }
        Expr::MethodCall(call) if call.method == "json" => {
            if let Some(media) = &operation.body_type {
                let receiver = &call.receiver;
                call.receiver = parse_quote! {
                    #receiver.header(
                        ::reqwest::header::CONTENT_TYPE,
                        ::reqwest::header::HeaderValue::from_static(#media),
                    )
                };
            }
        }
        Expr::MethodCall(call)
            if call.method == "form_urlencoded" && !operation.brackets.is_empty() =>
        {
            let brackets = &operation.brackets;
            call.method = parse_quote!(form_with_brackets);
            call.args.push(parse_quote!(&[#(#brackets),*]));
        }
        Expr::MethodCall(call) if call.method == "header" => {
            let header = call.args.first().and_then(last_segment);
            match header.as_deref() {
                Some("ACCEPT") => {
                    if let Some(media) = &operation.accept {
                        set_header_value(call, media);
                    }
                }
                Some("CONTENT_TYPE") if operation.has_custom_body_type => {
                    *expression = (*call.receiver).clone();
                }
                Some("CONTENT_TYPE") => {
                    if let Some(media) = &operation.body_type {
                        set_header_value(call, media);
                    }
                }
                _ => {}
            }
        }
        _ => {}
    }
}

fn rename(operation: &Operation, argument: Option<&mut Expr>) {
    if let Some(Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    })) = argument
    {
        let name = text.value();
        let wire = operation.renamed.iter().find(|(rust, _)| *rust == name);
        if let Some((_, wire)) = wire {
            *text = LitStr::new(wire, text.span());
        }
    }
}

/// Replaces the value of a constant header.
fn set_header_value(call: &mut ExprMethodCall, media: &str) {
    if let Some(Expr::Call(value)) = call.args.last_mut()
        && path_ends(&value.func, "HeaderValue", "from_static")
        && let Some(argument) = value.args.first_mut()
    {
        *argument = parse_quote!(#media);
    }
}

fn last_segment(expression: &Expr) -> Option<String> {
    let Expr::Path(path) = expression else {
        return None;
    };
    Some(path.path.segments.last()?.ident.to_string())
}

fn path_ends(expression: &Expr, owner: &str, function: &str) -> bool {
    let Expr::Path(path) = expression else {
        return false;
    };
    let mut segments = path.path.segments.iter().rev();
    segments
        .next()
        .is_some_and(|segment| segment.ident == function)
        && segments
            .next()
            .is_some_and(|segment| segment.ident == owner)
}
