//! Replaces the send methods: one method builds the request, and the runtime sends it.

use std::collections::BTreeSet;

use quote::ToTokens as _;
use syn::{
    Block, Expr, GenericArgument, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Local, LocalInit,
    Pat, PathArguments, ReturnType, Stmt, Type, parse_quote,
};

use super::documentation::Documentation;
use super::lenient_impls::is_lenient;
use super::operations::Operation;
use super::text::{Rendered, compact};

/// Replaces progenitor's `send` and returns the implementation of `IntoRequest` that builds the request.
/// `None` if the function does not have the form that progenitor generates:
///
/// ```text
/// let Self { client, … } = self;
/// …
/// let mut request = …;
/// let info = …;
/// let result = client.exec(request, &info).await;
/// let response = result?;
/// match response.status().as_u16() { … }
/// ```
pub(super) fn split(
    block: &mut ItemImpl,
    operation: &Operation,
    constant: &Ident,
    types: &BTreeSet<String>,
    documentation: &Documentation<'_>,
    rendered: &mut Rendered,
) -> Option<Item> {
    let builder = block.self_ty.clone();
    let generics = block.generics.clone();
    let send = block
        .items
        .iter_mut()
        .find(|item| matches!(item, ImplItem::Fn(function) if function.sig.ident == "send"))?;
    let ImplItem::Fn(function) = &mut *send else {
        return None;
    };
    let value = success_type(&function.sig.output)?;
    let (parts, built) = take_request(&mut function.block)?;
    let docs = documentation.comments(&function.attrs, "    ");
    let receive = receive_method(&value, types);
    let mut methods = send_methods(&docs, &compact(&value), receive, operation, constant);
    let methods = rendered.replace(&mut methods);
    *send = parse_quote!(#methods);
    // Parsing the statements again would take long.
    let mut into_request: ImplItemFn = parse_quote! {
        fn into_request(self) -> Result<::reqwest::Request, Error> {
            Ok(#built)
        }
    };
    into_request.block.stmts.splice(0..0, parts);
    let mut item: ItemImpl = parse_quote! {
        impl #generics IntoRequest for #builder {
            const OPERATION: openapi_runtime::Operation = super::operations::#constant;
        }
    };
    item.items.push(ImplItem::Fn(into_request));
    Some(Item::Impl(item))
}

/// Returns the statements that build the request, and the expression of its value.
fn take_request(function: &mut Block) -> Option<(Vec<Stmt>, Expr)> {
    let statements = &mut function.stmts;
    let exec = statements.iter().position(awaits_response)?;
    let first = exec.checked_sub(2)?;
    statements.get(exec + 1)?;
    let lets: Option<Vec<_>> = statements
        .drain(first..=exec + 1)
        .map(let_binding)
        .collect();
    let [(request, built), (info, _), (result, sent), (_, value)] = lets?.try_into().ok()?;
    let expected = format!("client . exec ({request} , & {info}) . await");
    if text(&sent) != expected || text(&value) != format!("{result} ?") {
        return None;
    }
    let parts: Vec<Stmt> = statements.drain(..first).collect();
    // The remaining statement is the `match` on the status, which the runtime replaces.
    matches!(statements.as_slice(), [Stmt::Expr(Expr::Match(_), None)]).then_some((parts, built))
}

/// Returns the method of the caller that receives a value. `types` are the names of the generated types.
fn receive_method(value: &Type, types: &BTreeSet<String>) -> &'static str {
    match value.to_token_stream().to_string().as_str() {
        "ByteStream" => "stream",
        "()" => "empty",
        _ if is_lenient(value, types) => "json",
        _ => "strict_json",
    }
}

/// Renders `send`, `send_with` and, for an event stream, `open_with`.
fn send_methods(
    docs: &str,
    value: &str,
    receive: &str,
    operation: &Operation,
    constant: &Ident,
) -> String {
    let request = format!(
        "        let client = self.client;
        let request = self
            .into_request()
            .map_err(|error| error.with_operation(super::operations::{constant}.id))?;
"
    );
    let mut methods = format!(
        "{docs}    pub async fn send(self) -> Result<Response<{value}>, Error> {{
        self.send_with(&CallContext::default()).await
    }}
    /// Sends the request in the given context.
    pub async fn send_with(
        self,
        context: &CallContext,
    ) -> Result<Response<{value}>, Error> {{
{request}        client
            .caller
            .{receive}(request, &super::operations::{constant}, context)
            .await
    }}
"
    );
    if operation.is_event_stream {
        methods.push_str(&format!(
            "    /// Sends the request and opens the event stream with `open`; see [`Caller::open`](openapi_runtime::Caller::open).
    pub async fn open_with<S, E, F, O>(self, context: &CallContext, open: O) -> Result<S, E>
    where
        S: Send,
        E: From<Error> + AsMut<Error> + Send,
        F: ::std::future::Future<Output = Result<S, openapi_runtime::NotOpened<E>>> + Send,
        O: Fn(openapi_runtime::StreamBody, openapi_runtime::ResponseMeta) -> F + Sync,
    {{
{request}        client
            .caller
            .open(request, &super::operations::{constant}, context, open)
            .await
    }}
"
        ));
    }
    methods
}

/// Returns the `T` of `-> Result<ResponseValue<T>, Error<E>>`.
fn success_type(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, result) = output else {
        return None;
    };
    let response = argument(result, "Result")?;
    argument(response, "ResponseValue").cloned()
}

/// Returns the first type argument of a type with the given name.
fn argument<'t>(of: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = of else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(argument) if last.ident == name => Some(argument),
        _ => None,
    }
}

/// Returns whether the statement is `let … = client.exec(…).await;`.
fn awaits_response(statement: &Stmt) -> bool {
    let Stmt::Local(Local {
        init: Some(LocalInit { expr, .. }),
        ..
    }) = statement
    else {
        return false;
    };
    let Expr::Await(awaited) = &**expr else {
        return false;
    };
    matches!(&*awaited.base, Expr::MethodCall(call) if call.method == "exec")
}

/// Returns the name and the value of a `let` statement.
fn let_binding(statement: Stmt) -> Option<(Ident, Expr)> {
    match statement {
        Stmt::Local(local) => match local.pat {
            Pat::Ident(name) => Some((name.ident, *local.init?.expr)),
            _ => None,
        },
        _ => None,
    }
}

fn text(expression: &Expr) -> String {
    expression.to_token_stream().to_string()
}
