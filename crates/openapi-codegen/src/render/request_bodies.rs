//! Keeps request bodies that are passed as a whole. progenitor would take them apart into builder fields and
//! reassemble them when sending.

use std::collections::BTreeSet;

use quote::ToTokens as _;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, ExprMethodCall, Field, File, GenericArgument, Item, PathArguments, Type, parse_quote,
};

/// Changes the body fields of the operation builders and the methods that use them. Returns the names of the types whose
/// builders they use.
pub(super) fn keep_whole(file: &mut File) -> Result<BTreeSet<String>, String> {
    let builders = file.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    let (_, items) = builders.ok_or("progenitor generated no module `builder`")?;
    let mut bodies = Bodies::default();
    for item in items {
        bodies.visit_item_mut(item);
    }
    let Bodies {
        types,
        fields,
        given,
        changed,
        sent,
    } = bodies;
    match [given, changed, sent] == [fields; 3] {
        true => Ok(types),
        false => {
            Err("progenitor's output has changed: unexpected code of request bodies".to_owned())
        }
    }
}

/// The types of the bodies, and the numbers of changed places.
#[derive(Default)]
struct Bodies {
    types: BTreeSet<String>,
    fields: usize,
    given: usize,
    changed: usize,
    sent: usize,
}

impl VisitMut for Bodies {
    /// `body: Result<types::builder::Request, String>`
    fn visit_field_mut(&mut self, field: &mut Field) {
        let is_body = field.ident.as_ref().is_some_and(|name| name == "body");
        let Some(builder) = is_body.then(|| first_argument(&field.ty)).flatten() else {
            return;
        };
        let text = builder.to_token_stream().to_string();
        let Some(name) = text.strip_prefix("types :: builder :: ") else {
            return;
        };
        self.types.insert(name.to_owned());
        let name = quote::format_ident!("{name}");
        field.ty = parse_quote! {
            Result<openapi_runtime::RequestBody<types::#name, types::builder::#name>, String>
        };
        self.fields += 1;
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_mut::visit_expr_method_call_mut(self, call);
        let method = call.method.to_string();
        if method != "map" && method != "and_then" {
            return;
        }
        let text = |expression: &Expr| expression.to_token_stream().to_string();
        let Some(argument) = call.args.first_mut() else {
            return;
        };
        match (method.as_str(), text(argument)) {
            // `value.try_into().map(From::from)`
            ("map", argument_text) if argument_text == "From :: from" => {
                *argument = parse_quote!(openapi_runtime::RequestBody::of);
                self.given += 1;
            }
            // `self.body.map(f)`
            ("map", argument_text)
                if argument_text == "f" && text(&call.receiver) == "self . body" =>
            {
                *argument = parse_quote!(|body| body.map(f));
                self.changed += 1;
            }
            // `body.and_then(|v| types::Request::try_from(v).map_err(|e| e.to_string()))`
            ("and_then", argument_text)
                if text(&call.receiver) == "body" && argument_text.contains(":: try_from (v)") =>
            {
                *argument = parse_quote!(openapi_runtime::RequestBody::whole);
                self.sent += 1;
            }
            _ => {}
        }
    }
}

/// Returns the `A` of `Result<A, B>`.
fn first_argument(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    }
}
