//! The functions that send: a request is made by one function, and sent by the runtime.

use quote::{ToTokens as _, quote};
use syn::{
    Block, Expr, GenericArgument, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Pat, PathArguments,
    ReturnType, Stmt, Type, parse_quote,
};

use super::operations::Operation;

/// Replaces progenitor's `send` by ours, and gives the implementation of `IntoRequest` that makes the request. `None` if
/// the function is not as progenitor writes it:
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
pub(super) fn split(block: &mut ItemImpl, operation: &Operation, constant: &Ident) -> Option<Item> {
    let builder = block.self_ty.clone();
    let generics = block.generics.clone();
    let at = block
        .items
        .iter()
        .position(|item| matches!(item, ImplItem::Fn(function) if function.sig.ident == "send"))?;
    let ImplItem::Fn(send) = &mut block.items[at] else {
        return None;
    };
    let value = success(&send.sig.output)?;
    let (parts, built) = request_of(&mut send.block)?;
    let functions = senders(send, &value, operation, constant);
    block.items.splice(at..=at, functions);
    Some(parse_quote! {
        impl #generics IntoRequest for #builder {
            const OPERATION: openapi_runtime::Operation = super::operations::#constant;

            fn into_request(self) -> Result<::reqwest::Request, Error> {
                #(#parts)*
                Ok(#built)
            }
        }
    })
}

/// The statements that make the request, and its value.
fn request_of(function: &mut Block) -> Option<(Vec<Stmt>, Expr)> {
    let statements = &mut function.stmts;
    let waits = statements.iter().position(waits_for_response)?;
    let first = waits.checked_sub(2)?;
    statements.get(waits + 1)?;
    let lets: Option<Vec<_>> = statements.drain(first..=waits + 1).map(named).collect();
    let [(request, built), (info, _), (result, sent), (_, value)] = lets?.try_into().ok()?;
    let sent_as_it_was = format!("client . exec ({request} , & {info}) . await");
    if text(&sent) != sent_as_it_was || text(&value) != format!("{result} ?") {
        return None;
    }
    let parts: Vec<Stmt> = statements.drain(..first).collect();
    // Left is the `match` of the status, which is the runtime's.
    matches!(statements.as_slice(), [Stmt::Expr(Expr::Match(_), None)]).then_some((parts, built))
}

/// `send`, `send_with`, and, for an event stream, `open_with`.
fn senders(
    send: &ImplItemFn,
    value: &Type,
    operation: &Operation,
    constant: &Ident,
) -> Vec<ImplItem> {
    let docs = &send.attrs;
    let response: Type = parse_quote!(Response<#value>);
    let receive = match value.to_token_stream().to_string().as_str() {
        "ByteStream" => quote!(stream),
        "()" => quote!(empty),
        _ => quote!(json),
    };
    let request = quote! {
        let client = self.client;
        let request = self
            .into_request()
            .map_err(|error| error.with_operation(super::operations::#constant.id))?;
    };
    let mut functions: Vec<ImplItem> = vec![
        parse_quote! {
            #(#docs)*
            pub async fn send(self) -> Result<#response, Error> {
                self.send_with(&CallContext::default()).await
            }
        },
        parse_quote! {
            /// Sends it as [`send`](Self::send) does, in a context.
            pub async fn send_with(self, context: &CallContext) -> Result<#response, Error> {
                #request
                client.caller.#receive(request, &super::operations::#constant, context).await
            }
        },
    ];
    if operation.is_event_stream {
        functions.push(parse_quote! {
            /// Sends it, and opens the event stream with `open`; see [`Caller::open`](openapi_runtime::Caller::open).
            pub async fn open_with<S, E, F, O>(self, context: &CallContext, open: O) -> Result<S, E>
            where
                S: Send,
                E: From<Error> + AsMut<Error> + Send,
                F: ::std::future::Future<Output = Result<S, openapi_runtime::NotOpened<E>>> + Send,
                O: Fn(openapi_runtime::StreamBody, openapi_runtime::ResponseMeta) -> F + Sync,
            {
                #request
                client.caller.open(request, &super::operations::#constant, context, open).await
            }
        });
    }
    functions
}

/// `T` of `-> Result<ResponseValue<T>, Error<E>>`.
fn success(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, result) = output else {
        return None;
    };
    let response = argument(result, "Result")?;
    argument(response, "ResponseValue").cloned()
}

/// The first type argument of a type of that name.
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

/// Whether it is `let … = client.exec(…).await;`
fn waits_for_response(statement: &Stmt) -> bool {
    named(statement.clone()).is_some_and(|(_, value)| {
        let Expr::Await(awaited) = value else {
            return false;
        };
        matches!(&*awaited.base, Expr::MethodCall(call) if call.method == "exec")
    })
}

/// The name and the value of a `let`.
fn named(statement: Stmt) -> Option<(Ident, Expr)> {
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
