//! Reads the rows of a page one by one, so that a row that cannot be read does not make the others unreadable.

use std::hash::Hash;

use bytes::Bytes;
use openapi_runtime::lenient::{self, Field, Lenient, Normalized, Normalizer, RawValue, Strict};
use openapi_runtime::{ResponseMeta, Timestamp};
use prime_training_api::types::BillingEntry;
use serde::Deserialize;

use crate::error::Error;
use crate::pages::Row;

/// A row of a page.
pub(super) type ReadRow = Result<BillingEntry, Box<UnreadableRow>>;

/// The first character of the id of a row that has no id of its own. The JSON of the row follows it.
const NO_ID: char = '\n';

/// A row that cannot be read.
pub(super) struct UnreadableRow {
    pub(super) error: Error,
    pub(super) known: KnownFields,
    /// The row's id. If there is none: [`NO_ID`] and the row's JSON.
    id: String,
    json: Box<RawValue>,
}

impl Row for ReadRow {
    fn id(&self) -> &str {
        match self {
            Ok(row) => &row.id,
            Err(row) => &row.id,
        }
    }

    fn has_id(&self) -> bool {
        !self.id().starts_with(NO_ID)
    }

    fn version(&self) -> impl Hash {
        match self {
            Ok(row) => Ok((row.amount_usd, row.last_billed_at, row.updated_at)),
            Err(row) => Err(row.json.get()),
        }
    }
}

/// The fields by which rows are selected. A field that cannot be read is `None`.
#[derive(Default, Deserialize)]
pub(super) struct KnownFields {
    pub(super) id: Option<String>,
    pub(super) resource_type: Option<String>,
    pub(super) resource_id: Option<String>,
    pub(super) last_billed_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
}

impl Lenient for KnownFields {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        const FIELDS: &[Field] = &[
            Field::optional::<Option<String>>("id"),
            Field::optional::<Option<String>>("resource_type"),
            Field::optional::<Option<String>>("resource_id"),
            Field::optional::<Option<Timestamp>>("last_billed_at"),
            Field::optional::<Option<Timestamp>>("updated_at"),
        ];
        out.object(json, FIELDS)
    }
}

/// A page whose rows have not been read.
pub(super) struct RawPage {
    rows: Vec<Box<RawValue>>,
    pub(super) total: i64,
}

#[derive(Deserialize)]
struct Fields {
    recent_billings: Box<RawValue>,
    total_billings: i64,
}

impl Lenient for Fields {
    fn normalize(json: &RawValue, out: &mut Normalizer) -> Normalized {
        const FIELDS: &[Field] = &[
            Field::required::<Strict<Box<RawValue>>>("recent_billings"),
            Field::required::<i64>("total_billings"),
        ];
        out.object(json, FIELDS)
    }
}

impl RawPage {
    /// Reads a page. Returns `None` if it has no list of rows or no total. `null` is an empty list.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (fields, _) = lenient::from_json::<Fields>(body).ok()?;
        let rows: Option<_> = serde_json::from_str(fields.recent_billings.get()).ok()?;
        Some(Self {
            rows: rows.unwrap_or_default(),
            total: fields.total_billings,
        })
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn into_rows(self, meta: &ResponseMeta) -> Vec<ReadRow> {
        let rows = self.rows.into_iter();
        rows.map(|json| read_row(json, meta)).collect()
    }
}

pub(super) fn read_row(json: Box<RawValue>, meta: &ResponseMeta) -> ReadRow {
    let bytes = json.get().as_bytes();
    if let Ok((row, _)) = lenient::from_json(bytes) {
        return Ok(row);
    }
    // The reason of `rewrite` contains no values.
    let reason = match lenient::rewrite::<BillingEntry>(bytes) {
        Err(reason) => reason.to_string(),
        Ok(_) => "it does not match the specification".to_owned(),
    };
    let known = lenient::from_json::<KnownFields>(bytes);
    let known = known.map_or_else(|_| KnownFields::default(), |(known, _)| known);
    let id = known.id.as_deref().filter(|id| !id.trim().is_empty());
    let name = id.map_or("without an id".to_owned(), |id| {
        format!("{:?}", meta.redact(id))
    });
    let message = format!(
        "billing row {name} cannot be read: {reason}; `body()` is the row, and the rows after it can be read"
    );
    let body = Bytes::copy_from_slice(bytes);
    Err(Box::new(UnreadableRow {
        error: Error::unexpected(message, meta.clone(), body),
        id: id.map_or_else(|| format!("{NO_ID}{}", json.get()), str::to_owned),
        known,
        json,
    }))
}
