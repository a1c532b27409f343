//! The functions that send. What a request is made of is gone before its answer is waited for: a question
//! is not in memory twice, and the future that waits is small.

use quote::ToTokens as _;
use syn::{Block, Expr, Ident, Member, Pat, PatRest, Stmt, parse_quote};

/// Puts what a request is made of into a block of its own. Nothing if the function is not as progenitor
/// writes it, with an underscore before each name that is a parameter's too:
///
/// ```text
/// let Self { client, … } = self;
/// …
/// let mut request = …;
/// let info = …;
/// let result = client.exec(request, &info).await;
/// let response = result?;
/// ```
pub(super) fn build_apart(function: &mut Block) -> Option<()> {
    let statements = &mut function.stmts;
    let waits = statements.iter().position(waits_for_answer)?;
    let first = waits.checked_sub(2)?;
    statements.get(waits + 1)?;
    let lets: Option<Vec<_>> = statements.drain(first..=waits + 1).map(named).collect();
    let [
        (request, built),
        (info, operation),
        (result, sent),
        (response, value),
    ] = lets?.try_into().ok()?;
    let sent_as_it_was = format!("client . exec ({request} , & {info}) . await");
    if text(&sent) != sent_as_it_was || text(&value) != format!("{result} ?") {
        return None;
    }
    let mut parts: Vec<Stmt> = statements.drain(..first).collect();
    let Some(Stmt::Local(taken)) = parts.first_mut() else {
        return None;
    };
    let Pat::Struct(fields) = &mut taken.pat else {
        return None;
    };
    // The client is needed after it.
    let all = std::mem::take(&mut fields.fields).into_iter();
    fields.fields = all
        .filter(|field| !matches!(&field.member, Member::Named(name) if name == "client"))
        .collect();
    fields.rest = Some(PatRest {
        attrs: Vec::new(),
        dot2_token: Default::default(),
    });
    if fields.fields.is_empty() {
        parts.remove(0);
    }
    let now: [Stmt; 3] = [
        parse_quote!(let client = self.client;),
        parse_quote!(let request = { #(#parts)* #built };),
        parse_quote!(let #response = client.exec(request, &#operation).await?;),
    ];
    statements.splice(0..0, now);
    Some(())
}

/// Whether it is `let … = client.exec(…).await;`
fn waits_for_answer(statement: &Stmt) -> bool {
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
