//! A line of OpenAI's batch format.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::key::BodyHash;
use crate::ledger::{Row, State};

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    custom_id: &'a str,
    response: Option<Response<'a>>,
    error: Option<Fault<'a>>,
}

#[derive(Serialize)]
struct Response<'a> {
    status_code: u16,
    request_id: &'a str,
    body: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Fault<'a> {
    code: &'a str,
    message: &'a str,
}

/// Returns the line of an answer, with its line break.
pub(crate) fn answer(row: &Row) -> Vec<u8> {
    line(row, None)
}

/// Returns the line of a request that failed or is ambiguous, with its line break. The code of an ambiguous request is
/// `ambiguous`.
pub(crate) fn error(row: &Row) -> Vec<u8> {
    let code = row.error_code.as_deref().unwrap_or("failed");
    let message = row.error.as_deref().unwrap_or_default();
    let note;
    let fault = if row.state == State::Ambiguous {
        note = format!(
            "the request may have been carried out and billed, and has no answer ({code}): {message}"
        );
        Fault {
            code: "ambiguous",
            message: &note,
        }
    } else {
        Fault { code, message }
    };
    line(row, Some(fault))
}

fn line(row: &Row, error: Option<Fault<'_>>) -> Vec<u8> {
    let id = id(&row.key.hash);
    let body = row.answer.as_deref();
    let body = body.and_then(|body| serde_json::from_slice::<&RawValue>(body).ok());
    let response = row.status.map(|status_code| Response {
        status_code,
        request_id: row.request_id.as_deref().unwrap_or(&id),
        body,
    });
    let line = Line {
        id: &id,
        custom_id: &row.key.id,
        response,
        error,
    };
    // Only texts and numbers: serialization does not fail.
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Returns an id for the line. It is the same each time that the output is written.
fn id(hash: &BodyHash) -> String {
    let mut id = format!("batch_req_{hash}");
    id.truncate("batch_req_".len() + 24);
    id
}
