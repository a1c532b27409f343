//! Post-processes progenitor's output.
//!
//! Each pass expects the exact form that progenitor generates and returns an error if it does not find it. An
//! incompatible version of progenitor therefore fails here and not in a caller's program.

use std::collections::BTreeSet;

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use serde_json::Value;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprCall, ExprLit, File, ImplItem, Item, ItemImpl, Lit, Stmt, parse_quote};

use super::documentation::Documentation;
use super::limits::LimitsOfTypes;
use super::names::{constant_name, parameter_name, type_name};
use super::operations::Operation;
use super::request_bodies;
use super::runtime;
use super::send_methods;
use super::text::Rendered;
use super::wire;
use crate::lower;

/// Runs all passes. Returns the names of the types whose builders the operations use.
pub(super) fn post_process(
    file: &mut File,
    document: &OpenAPI,
    operations: &[&Operation],
    limits: &LimitsOfTypes,
    types: &BTreeSet<String>,
    rendered: &mut Rendered,
) -> Result<BTreeSet<String>, String> {
    runtime::rename(file)?;
    constructors(file, document)?;
    operation_bodies(file, operations, limits, types, rendered)?;
    let bodies = request_bodies::keep_whole(file)?;
    modules(file)?;
    Documentation { operations }.visit_file_mut(file);
    Ok(bodies)
}

/// Replaces the constructors. progenitor's `new` builds an HTTP client with a total timeout of 15 seconds,
/// which breaks streams and slow models; ours takes the caller's HTTP client.
fn constructors(file: &mut File, document: &OpenAPI) -> Result<(), String> {
    let position = file
        .items
        .iter()
        .position(|item| matches!(item, Item::Impl(block) if block.trait_.is_none() && has_function(block, "new_with_client")))
        .ok_or("progenitor generated no constructor `new_with_client`")?;
    let server = document.servers.first();
    let server = server.filter(|server| server.url.starts_with("http"));
    let server: Option<TokenStream> = server.map(|server| {
        let url = server.url.trim_end_matches('/');
        let description = server
            .description
            .as_ref()
            .filter(|text| !text.trim().is_empty());
        let description = description.map(|text| quote!(#[doc = ""] #[doc = #text]));
        quote! {
            /// The first absolute URL of a server in the specification.
            #description
            pub const DEFAULT_BASE_URL: &'static str = #url;
        }
    });
    client_struct(file)?;
    let authorization = document.extensions.get(lower::AUTHORIZATION);
    let authorization = authorization.and_then(Value::as_str);
    let authorization = authorization.map(|text| quote!(#[doc = ""] #[doc = #text]));
    let version = &document.info.version;
    file.items[position] = parse_quote! {
        impl Client {
            #server

            /// The version of the specification.
            pub const API_VERSION: &'static str = #version;

            /// Creates a client that sends requests through `http`.
            ///
            /// API key, connect timeout and proxies are configured on `http`: give it the header that authorizes requests,
            /// such as `Authorization`, as a default header. `base_url` consists of a scheme, a host and optionally a path
            /// prefix shared by all operations, without a trailing slash. Failed calls are retried where that is safe: see
            /// [`RetryPolicy`](openapi_runtime::RetryPolicy).
            #authorization
            pub fn new(base_url: &str, http: reqwest::Client) -> Self {
                Self::with_caller(base_url, http.into())
            }

            /// Creates a client that sends requests through `caller`.
            pub fn with_caller(base_url: &str, caller: openapi_runtime::Caller) -> Self {
                Self {
                    baseurl: openapi_runtime::BaseUrl::new(base_url),
                    client: openapi_runtime::RequestFactory,
                    caller,
                }
            }
        }
    };
    // Remove the trait implementations whose work the caller does.
    let before = file.items.len();
    file.items.retain(|item| {
        !matches!(item, Item::Impl(block) if block.trait_.as_ref().is_some_and(|(path, _)| {
            path.segments.last().is_some_and(|name| name.ident == "ClientInfo" || name.ident == "ClientHooks")
        }))
    });
    match before - file.items.len() {
        2 => Ok(()),
        _ => Err("progenitor's output has changed: unexpected traits of the client".to_owned()),
    }
}

/// Replaces the derived `Debug`, which would print the API key in the default headers, and the fields: the
/// base URL is parsed once, and the runtime sends requests.
fn client_struct(file: &mut File) -> Result<(), String> {
    let client = file.items.iter_mut().find_map(|item| match item {
        Item::Struct(item) if item.ident == "Client" => Some(item),
        _ => None,
    });
    let client = client.ok_or("progenitor generated no `Client`")?;
    let before = client.attrs.len();
    client
        .attrs
        .retain(|attribute| !attribute.path().is_ident("derive"));
    if client.attrs.len() + 1 != before {
        return Err("progenitor's output has changed: unexpected derives of `Client`".to_owned());
    }
    client.attrs.push(parse_quote!(#[derive(Clone)]));
    let names: Vec<String> = client
        .fields
        .iter()
        .filter_map(|field| Some(field.ident.as_ref()?.to_string()))
        .collect();
    if names != ["baseurl", "client", "inner"] {
        return Err("progenitor's output has changed: unexpected fields of `Client`".to_owned());
    }
    client.fields = syn::Fields::Named(parse_quote!({
        pub(crate) baseurl: openapi_runtime::BaseUrl,
        pub(crate) client: openapi_runtime::RequestFactory,
        pub(crate) caller: openapi_runtime::Caller,
    }));
    file.items.push(parse_quote! {
        impl ::std::fmt::Debug for Client {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct("Client").field("base_url", &self.baseurl).finish_non_exhaustive()
            }
        }
    });
    Ok(())
}

fn has_function(block: &ItemImpl, name: &str) -> bool {
    block
        .items
        .iter()
        .any(|item| matches!(item, ImplItem::Fn(function) if function.sig.ident == name))
}

/// Removes the prelude, which only contains `Client`, and imports from the runtime instead of progenitor's
/// client crate.
fn modules(file: &mut File) -> Result<(), String> {
    file.items
        .retain(|item| !matches!(item, Item::Mod(module) if module.ident == "prelude"));
    let is_import = |item: &Item| matches!(item, Item::Use(_));
    let before = file.items.len();
    file.items.retain(|item| !is_import(item));
    if before == file.items.len() {
        return Err("progenitor's output has changed: the client has no imports".to_owned());
    }
    file.items.insert(
        0,
        parse_quote! {
            #[allow(unused_imports)]
            pub use openapi_runtime::{ByteStream, CallContext, Error, IntoRequest, Response};
        },
    );
    let builders = builders(file)?;
    let at = builders
        .iter()
        .position(|item| matches!(item, Item::Use(import) if import.to_token_stream().to_string().contains("ClientHooks")))
        .ok_or("progenitor's output has changed: unexpected imports of the builders")?;
    builders[at] = parse_quote! {
        #[allow(unused_imports)]
        use super::{ByteStream, CallContext, Error, IntoRequest, Response};
    };
    Ok(())
}

/// Returns the items of the module `builder`.
fn builders(file: &mut File) -> Result<&mut Vec<Item>, String> {
    file.items
        .iter_mut()
        .find_map(|item| match item {
            Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
            _ => None,
        })
        .map(|(_, items)| items)
        .ok_or_else(|| "progenitor generated no module `builder`".to_owned())
}

/// Post-processes the body of each operation: removes the undocumented header, checks path parameters and
/// passes the operation's properties to the transport.
fn operation_bodies(
    file: &mut File,
    operations: &[&Operation],
    limits: &LimitsOfTypes,
    types: &BTreeSet<String>,
    rendered: &mut Rendered,
) -> Result<(), String> {
    let documentation = Documentation { operations };
    let builders = builders(file)?;
    let indices = send_method_indices(builders);
    let mut requests = Vec::new();
    for operation in operations {
        let builder = type_name(&operation.id)?.to_string();
        let block = indices
            .get(&builder)
            .and_then(|index| builders.get_mut(*index));
        let Some(Item::Impl(block)) = block else {
            let reason = format!(
                "progenitor generated no builder `{builder}` for `{}`",
                operation.id
            );
            return Err(reason);
        };
        let mut body = OperationBody {
            operation,
            body_has_limits: accepted_types(block)
                .iter()
                .filter_map(|name| limits.get(name))
                .any(|rules| !rules.limits.is_empty()),
            checked: 0,
            raw_slashes: 0,
            headers: 0,
            hooks: 0,
            urls: 0,
        };
        body.visit_item_impl_mut(block);
        let found = (body.headers, body.hooks, body.checked, body.urls);
        let raw_slashes = body.raw_slashes == operation.raw_slashes.len();
        let constant = constant_name(&operation.id)?;
        let request =
            send_methods::split(block, operation, &constant, types, &documentation, rendered);
        match request {
            Some(request) if found == (1, 2, 1, 1) && raw_slashes => requests.push(request),
            _ => {
                let reason = format!(
                    "progenitor's output has changed: unexpected code of `{}`",
                    operation.id
                );
                return Err(reason);
            }
        }
    }
    builders.extend(requests);
    Ok(())
}

/// Returns the names of the types that the setters of a builder accept.
fn accepted_types(block: &ItemImpl) -> Vec<String> {
    let functions = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) => function.sig.generics.where_clause.as_ref(),
        _ => None,
    });
    let texts = functions.map(|bounds| bounds.to_token_stream().to_string());
    let accepted = texts.flat_map(|text| {
        let types = text.split(":: TryInto < types :: ").skip(1);
        let names = types.filter_map(|rest| rest.split(' ').next());
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    accepted.collect()
}

/// Returns the indices of the implementations that have a `send` method, keyed by builder name.
fn send_method_indices(builders: &[Item]) -> std::collections::BTreeMap<String, usize> {
    let send_methods = builders
        .iter()
        .enumerate()
        .filter_map(|(index, item)| match item {
            Item::Impl(block) if block.trait_.is_none() && has_function(block, "send") => {
                let syn::Type::Path(path) = &*block.self_ty else {
                    return None;
                };
                Some((path.path.segments.last()?.ident.to_string(), index))
            }
            _ => None,
        });
    send_methods.collect()
}

struct OperationBody<'a> {
    operation: &'a Operation,
    body_has_limits: bool,
    checked: usize,
    raw_slashes: usize,
    headers: usize,
    hooks: usize,
    urls: usize,
}

impl OperationBody<'_> {
    /// Returns the statements that check limits before sending.
    fn limit_checks(&self) -> Vec<Stmt> {
        let mut checks = TokenStream::new();
        for (name, wire, limits) in &self.operation.limits {
            let value = format_ident!("{}", parameter_name(name));
            checks.extend(limits.check(wire, &quote!(#value)));
        }
        if self.body_has_limits {
            checks.extend(quote!(body.check_limits()?;));
        }
        let block: Block = parse_quote!({ #checks });
        block.stmts
    }
}

/// Returns whether the expression is `client.pre(…).await` or `client.post(…).await`. These hooks do nothing here.
fn is_idle_hook(expression: &Expr) -> bool {
    let Expr::Await(awaited) = expression else {
        return false;
    };
    matches!(&*awaited.base, Expr::MethodCall(call) if call.method == "pre" || call.method == "post")
}

impl VisitMut for OperationBody<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.retain(|statement| {
            let Stmt::Expr(expression, _) = statement else {
                return true;
            };
            match expression {
                Expr::MethodCall(call)
                    if call.method == "append"
                        && call
                            .to_token_stream()
                            .to_string()
                            .contains("\"api-version\"") =>
                {
                    self.headers += 1;
                    false
                }
                Expr::Try(hook) if is_idle_hook(&hook.expr) => {
                    self.hooks += 1;
                    false
                }
                _ => true,
            }
        });
        // Match by value: a parameter may also be named `url`.
        let url = block.stmts.iter().position(|statement| {
            let Stmt::Local(local) = statement else {
                return false;
            };
            let value = local.init.as_ref().map(|init| init.expr.to_token_stream());
            value.is_some_and(|value| value.to_string().contains("client . baseurl"))
        });
        if let Some(url) = url {
            block.stmts.splice(url..url, self.limit_checks());
            self.checked += 1;
        }
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        if let Expr::Path(path) = expression
            && path.path.segments.len() == 2
            && path.path.segments[0].ident == "Error"
            && path.path.segments[1].ident == "InvalidRequest"
        {
            *expression = parse_quote!(Error::invalid_request);
        }
        if let Expr::Macro(call) = expression
            && let Some(joined) = joined_url(&call.mac)
        {
            *expression = joined;
            self.urls += 1;
        }
        wire::rewrite(self.operation, expression);
    }

    /// `format!("{}/models/{}", client.baseurl, encode_path(&model_id.to_string()))`
    fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
        if !call.path.is_ident("format") {
            return;
        }
        let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        let Ok(mut arguments) = call.parse_body_with(parser) else {
            return;
        };
        // The first argument is the template, and the second is for its first braces.
        let mut in_path = 0;
        for (index, argument) in arguments.iter_mut().enumerate() {
            match argument {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => {
                    let without_fragment = text.value();
                    let without_fragment = without_fragment.split('#').next().unwrap_or_default();
                    let path = without_fragment.split('?').next().unwrap_or_default();
                    in_path = path.matches("{}").count();
                    *text = syn::LitStr::new(without_fragment, text.span());
                }
                Expr::Call(ExprCall { func, args, .. })
                    if func.to_token_stream().to_string() == "encode_path" =>
                {
                    let Some(Expr::Reference(value)) = args.first() else {
                        continue;
                    };
                    let Expr::MethodCall(to_string) = &*value.expr else {
                        continue;
                    };
                    let receiver = &to_string.receiver;
                    if index > in_path {
                        *argument =
                            parse_quote!(openapi_runtime::query_value(&#receiver.to_string()));
                        continue;
                    }
                    let name = receiver.to_token_stream().to_string();
                    let raw = &self.operation.raw_slashes;
                    let function = if raw.iter().any(|raw| parameter_name(raw) == name) {
                        self.raw_slashes += 1;
                        format_ident!("path_segments")
                    } else {
                        format_ident!("path_segment")
                    };
                    *argument =
                        parse_quote!(openapi_runtime::#function(#name, &#receiver.to_string())?);
                }
                _ => {}
            }
        }
        call.tokens = arguments.into_token_stream();
    }
}

/// Rewrites `format!("{}/models/{}", client.baseurl, …)` to avoid parsing the base URL for every request:
/// `client.baseurl.join(&format!("/models/{}", …))?`, or `client.baseurl.fixed("/models")?`.
fn joined_url(call: &syn::Macro) -> Option<Expr> {
    let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
    let arguments = call
        .path
        .is_ident("format")
        .then(|| call.parse_body_with(parser).ok())??;
    let mut arguments = arguments.into_iter();
    let (
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(template),
            ..
        })),
        Some(base),
    ) = (arguments.next(), arguments.next())
    else {
        return None;
    };
    if base.to_token_stream().to_string() != "client . baseurl" {
        return None;
    }
    let template = template.value();
    let path = template.strip_prefix("{}")?;
    let values: Vec<Expr> = arguments.collect();
    Some(if values.is_empty() {
        let path = path.replace("{{", "{").replace("}}", "}");
        parse_quote!(client.baseurl.fixed(#path)?)
    } else {
        parse_quote!(client.baseurl.join(&format!(#path, #(#values),*))?)
    })
}
