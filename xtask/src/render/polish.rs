//! Mends what progenitor's output does that a caller should not meet.
//!
//! Each step looks for exactly what progenitor writes and is an error if it does not find it: a new
//! version of progenitor then stops here, with a clear word, and not in a caller's program.

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprCall, ExprLit, File, ImplItem, Item, ItemImpl, Lit, Stmt, parse_quote};

use super::documentation::Documentation;
use super::limits::LimitsOfTypes;
use super::names::{constant_name, parameter_name, type_name};
use super::operations::Operation;
use super::request_bodies;
use super::runtime;
use super::senders;
use super::teams;
use super::wire;

/// Runs all steps.
pub(super) fn polish(
    file: &mut File,
    document: &OpenAPI,
    operations: &[Operation],
    limits: &LimitsOfTypes,
) -> Result<(), String> {
    runtime::rename(file)?;
    constructors(file, document)?;
    operation_bodies(file, operations, limits)?;
    request_bodies::keep_whole(file)?;
    teams::add(file, operations)?;
    modules(file);
    Documentation { operations }.visit_file_mut(file);
    Ok(())
}

/// `new` builds a client with a hidden total timeout of 15 seconds, which cuts off streams and slow
/// models. Ours takes the caller's own client.
fn constructors(file: &mut File, document: &OpenAPI) -> Result<(), String> {
    let position = file
        .items
        .iter()
        .position(|item| matches!(item, Item::Impl(block) if block.trait_.is_none() && has_function(block, "new_with_client")))
        .ok_or("progenitor wrote no constructor `new_with_client`")?;
    let server = document
        .servers
        .first()
        .map(|server| server.url.trim_end_matches('/'))
        .filter(|url| url.starts_with("http"));
    let server: Option<TokenStream> = server.map(|url| {
        quote! {
            /// The service's own address, as the specification states it.
            pub const DEFAULT_BASE_URL: &'static str = #url;
        }
    });
    client_struct(file)?;
    file.items[position] = parse_quote! {
        impl Client {
            #server

            /// A client that sends through `http`, once, whatever happens.
            ///
            /// Key, timeouts and proxies are what `http` was built with; give it an `Authorization`
            /// header to send with every request. `base_url` has a scheme, a host and, if there is
            /// one, the path that all operations share, without a slash at its end.
            pub fn new(base_url: &str, http: reqwest::Client) -> Self {
                let transport = ::std::sync::Arc::new(openapi_runtime::Direct::new(http.clone()));
                Self::with_transport(base_url, http, transport)
            }

            /// A client whose requests are built by `http` and sent by `transport`.
            pub fn with_transport(
                base_url: &str,
                http: reqwest::Client,
                transport: ::std::sync::Arc<dyn openapi_runtime::Transport>,
            ) -> Self {
                Self {
                    baseurl: openapi_runtime::BaseUrl::new(base_url),
                    client: http,
                    inner: transport,
                }
            }
        }
    };
    Ok(())
}

/// The derived `Debug` shows what is in the caller's client, its default headers along, and one of them
/// is the key; and the base URL is parsed once.
fn client_struct(file: &mut File) -> Result<(), String> {
    let client = file.items.iter_mut().find_map(|item| match item {
        Item::Struct(item) if item.ident == "Client" => Some(item),
        _ => None,
    });
    let client = client.ok_or("progenitor wrote no `Client`")?;
    let before = client.attrs.len();
    client
        .attrs
        .retain(|attribute| !attribute.path().is_ident("derive"));
    if client.attrs.len() + 1 != before {
        return Err("progenitor's `Client` derives otherwise than it did".to_owned());
    }
    client.attrs.push(parse_quote!(#[derive(Clone)]));
    let base_url = client
        .fields
        .iter_mut()
        .find(|field| field.ident.as_ref().is_some_and(|name| name == "baseurl"))
        .ok_or("progenitor's `Client` has no base URL")?;
    base_url.ty = parse_quote!(openapi_runtime::BaseUrl);
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

/// The prelude holds nothing but `Client`, and paths are encoded by functions of our own.
fn modules(file: &mut File) {
    file.items
        .retain(|item| !matches!(item, Item::Mod(module) if module.ident == "prelude"));
    Imports.visit_file_mut(file);
}

struct Imports;

impl VisitMut for Imports {
    fn visit_item_mut(&mut self, item: &mut Item) {
        if matches!(item, Item::Use(_) | Item::Mod(_)) {
            visit_mut::visit_item_mut(self, item);
        }
    }

    fn visit_use_group_mut(&mut self, group: &mut syn::UseGroup) {
        let kept = std::mem::take(&mut group.items).into_iter();
        group.items = kept
            .filter(|tree| !matches!(tree, syn::UseTree::Name(name) if name.ident == "encode_path"))
            .collect();
    }
}

/// In each operation: no undocumented header, checked path parameters, and what the document says of
/// the operation handed to the transport.
fn operation_bodies(
    file: &mut File,
    operations: &[Operation],
    limits: &LimitsOfTypes,
) -> Result<(), String> {
    let builders = file
        .items
        .iter_mut()
        .find_map(|item| match item {
            Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
            _ => None,
        })
        .map(|(_, items)| items)
        .ok_or("progenitor wrote no module `builder`")?;
    let places = places_of_senders(builders);
    for operation in operations {
        let builder = type_name(&operation.id)?.to_string();
        let place = places
            .get(&builder)
            .and_then(|place| builders.get_mut(*place));
        let Some(Item::Impl(block)) = place else {
            let reason = format!(
                "progenitor wrote no builder `{builder}` for `{}`",
                operation.id
            );
            return Err(reason);
        };
        let mut body = OperationBody {
            operation,
            body_has_limits: types_taken(block)
                .iter()
                .filter_map(|name| limits.get(name))
                .any(|rules| !rules.limits.is_empty()),
            checked: 0,
            built: 0,
            constant: constant_name(&operation.id)?,
            raw_slashes: 0,
            headers: 0,
            hooks: 0,
            infos: 0,
            urls: 0,
        };
        body.visit_item_impl_mut(block);
        let found = (body.headers, body.hooks, body.infos, body.checked);
        let as_it_was = found == (1, 2, 1, 1) && (body.urls, body.built) == (1, 1);
        if !as_it_was || body.raw_slashes != operation.raw_slashes.len() {
            return Err(format!(
                "progenitor's code of `{}` is not as it was",
                operation.id
            ));
        }
    }
    Ok(())
}

/// The types of the document that the functions of a builder take.
fn types_taken(block: &ItemImpl) -> Vec<String> {
    let functions = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) => function.sig.generics.where_clause.as_ref(),
        _ => None,
    });
    let texts = functions.map(|bounds| bounds.to_token_stream().to_string());
    let taken = texts.flat_map(|text| {
        let types = text.split(":: TryInto < types :: ").skip(1);
        let names = types.filter_map(|rest| rest.split(' ').next());
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    taken.collect()
}

/// Where the implementations stand that send, by the names of their builders.
fn places_of_senders(builders: &[Item]) -> std::collections::BTreeMap<String, usize> {
    let senders = builders
        .iter()
        .enumerate()
        .filter_map(|(place, item)| match item {
            Item::Impl(block) if block.trait_.is_none() && has_function(block, "send") => {
                let syn::Type::Path(path) = &*block.self_ty else {
                    return None;
                };
                Some((path.path.segments.last()?.ident.to_string(), place))
            }
            _ => None,
        });
    senders.collect()
}

struct OperationBody<'a> {
    operation: &'a Operation,
    constant: syn::Ident,
    body_has_limits: bool,
    checked: usize,
    built: usize,
    raw_slashes: usize,
    headers: usize,
    hooks: usize,
    infos: usize,
    urls: usize,
}

impl OperationBody<'_> {
    /// The checks of what is about to be sent.
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

/// `client.pre(…).await` and `client.post(…).await` have nothing to do: a transport has it all.
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
        // By its value: a parameter may be called `url` too.
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
        if url.is_some() {
            self.built += usize::from(senders::build_apart(block).is_some());
        }
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Struct(literal) = expression
            && literal.path.is_ident("OperationInfo")
        {
            let constant = &self.constant;
            *expression = parse_quote!(super::operations::#constant);
            self.infos += 1;
            return;
        }
        visit_mut::visit_expr_mut(self, expression);
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
        for argument in &mut arguments {
            match argument {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => {
                    let without_fragment = text.value();
                    let without_fragment = without_fragment.split('#').next().unwrap_or_default();
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

/// Of `format!("{}/models/{}", client.baseurl, …)`, the same without parsing the base once more:
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
