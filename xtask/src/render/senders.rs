//! The functions that send. What a request is made of is gone before its answer is waited for: a question
//! is not in memory twice, and the future that waits is small.

use quote::ToTokens as _;
use syn::{Block, Expr, Member, Pat, PatRest, Stmt, parse_quote};

/// Puts what a request is made of into a block of its own. Nothing if the function is not as progenitor
/// writes it:
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
    let request = statements.iter().position(|s| is_let(s, "request"))?;
    let end = statements.iter().position(|s| is_let(s, "response"))?;
    let mut sent = statements.drain(request..=end).map(initial);
    let (built, info, result, response) = (sent.next()?, sent.next()?, sent.next()?, sent.next()?);
    let text = |e: &Expr| e.to_token_stream().to_string();
    let as_it_was = text(&result?) == "client . exec (request , & info) . await"
        && text(&response?) == "result ?"
        && sent.next().is_none();
    drop(sent);
    let (built, info) = (built?, info?);
    let mut parts: Vec<Stmt> = statements.drain(..request).collect();
    let fields = match parts.first_mut() {
        Some(Stmt::Local(local)) => &mut local.pat,
        _ => return None,
    };
    let Pat::Struct(fields) = fields else {
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
        parse_quote!(let response = client.exec(request, &#info).await?;),
    ];
    statements.splice(0..0, now);
    as_it_was.then_some(())
}

fn is_let(statement: &Stmt, name: &str) -> bool {
    matches!(statement, Stmt::Local(local)
        if matches!(&local.pat, Pat::Ident(pattern) if pattern.ident == name))
}

/// What a `let` begins with.
fn initial(statement: Stmt) -> Option<Expr> {
    match statement {
        Stmt::Local(local) => Some(*local.init?.expr),
        _ => None,
    }
}
