//! `inference models`: lists the models.

use std::cmp::Ordering;

use prime_ext::Usd;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::{Table, number};

/// List the available models
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: the response of the service, {\"object\", \"data\": [{\"id\", \"display_name\"?, \"created\", \"serving\"?, \
\"pricing\"?, \"specs\"?}]}, with the selected models in the selected order.

Examples:
  prime-rs inference models
  prime-rs inference models --search llama --sort output --order desc
  prime-rs inference models -o json")]
pub(crate) struct Models {
    /// Select models whose id contains this text, in upper or lower case
    #[arg(short = 'q', long, value_name = "TEXT")]
    search: Option<String>,

    /// Sort by id, or by the price of input or output
    #[arg(short, long, value_name = "KEY", default_value = "id")]
    sort: Sort,

    /// Sort ascending or descending
    #[arg(short = 'd', long, default_value = "asc")]
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    Id,
    Input,
    Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    Asc,
    Desc,
}

/// A model as the service sent it.
struct Entry {
    json: Box<RawValue>,
    fields: Map<String, Value>,
}

impl Models {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        // As in the official client, no key is needed.
        let client = context.keyless_client()?;
        let response = block_on(until_interrupted(
            async { Ok(client.models().list().with_response().await?) },
            || "interrupted".to_owned(),
        ))?;
        for warning in response.warnings() {
            context.out.warn(&warning.to_string());
        }
        let (models, _, body) = response.into_parts();
        // What the service sent, if it is a list; otherwise the models that were read from it.
        let (fields, mut entries) = match received(&body) {
            Some(received) => received,
            None => {
                let texts = models
                    .iter()
                    .filter_map(|model| serde_json::value::to_raw_value(model).ok());
                let fields = Map::from_iter([("object".to_owned(), "list".into())]);
                (fields, texts.filter_map(entry).collect())
            }
        };
        self.select(&mut entries);
        if context.out.is_json() {
            let mut json = Vec::new();
            for (name, value) in &fields {
                json.push(format!("{}:{value}", Value::from(name.as_str())));
            }
            let data: Vec<&str> = entries.iter().map(|entry| entry.json.get()).collect();
            json.push(format!("\"data\":[{}]", data.join(",")));
            let json = format!("{{{}}}", json.join(","));
            return context.out.received(json.as_bytes(), &Value::Null);
        }
        if entries.is_empty() {
            context.out.note("No models.");
            return Ok(());
        }
        context.out.table(&table(&entries))
    }

    fn select(&self, entries: &mut Vec<Entry>) {
        if let Some(text) = &self.search {
            let text = text.to_lowercase();
            entries.retain(|entry| entry.id().to_lowercase().contains(&text));
        }
        let is_reversed = self.order == Order::Desc;
        let direct = |ordering: Ordering| {
            if is_reversed {
                ordering.reverse()
            } else {
                ordering
            }
        };
        let price = |entry: &Entry| match self.sort {
            Sort::Output => entry.price("output_usd_per_mtok"),
            _ => entry.price("input_usd_per_mtok"),
        };
        entries.sort_by(|a, b| match self.sort {
            Sort::Id => direct(a.id().to_lowercase().cmp(&b.id().to_lowercase())),
            // Models without a price come last in both orders.
            _ => match (price(a), price(b)) {
                (Some(a), Some(b)) => direct(a.cmp(&b)),
                (a, b) => b.is_some().cmp(&a.is_some()),
            },
        });
        // As in the official client, models that the provider hosts come first.
        entries.sort_by_key(|entry| entry.text("serving") != Some("hosted"));
    }
}

impl Entry {
    fn text(&self, name: &str) -> Option<&str> {
        self.fields
            .get(name)?
            .as_str()
            .filter(|text| !text.is_empty())
    }

    fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    fn price(&self, name: &str) -> Option<Usd> {
        number::price(self.fields.get("pricing")?.get(name)?)
    }

    fn spec(&self, name: &str) -> Option<&Value> {
        self.fields.get("specs")?.get(name)
    }
}

fn entry(json: Box<RawValue>) -> Option<Entry> {
    let fields = serde_json::from_str(json.get()).ok()?;
    Some(Entry { json, fields })
}

/// Reads the models and the other fields of a response, with every field and digit.
fn received(body: &[u8]) -> Option<(Map<String, Value>, Vec<Entry>)> {
    #[derive(serde::Deserialize)]
    struct List {
        data: Vec<Box<RawValue>>,
        #[serde(flatten)]
        other: Map<String, Value>,
    }
    let list: List = serde_json::from_slice(body).ok()?;
    Some((
        list.other,
        list.data.into_iter().filter_map(entry).collect(),
    ))
}

fn table(entries: &[Entry]) -> Table {
    let has = |name: &str| entries.iter().any(|entry| entry.text(name).is_some());
    let is_cached = |entry: &Entry| {
        entry.price("cache_read_usd_per_mtok").is_some()
            || entry.price("cache_write_usd_per_mtok").is_some()
    };
    let (names, serving) = (has("display_name"), has("serving"));
    let caches = entries.iter().any(is_cached);
    let specs = entries.iter().any(|entry| {
        entry
            .fields
            .get("specs")
            .is_some_and(|specs| !specs.is_null())
    });
    let mut table = Table::new().column("id");
    if names {
        table = table.column("name");
    }
    if serving {
        table = table.column("serving");
    }
    table = table.number("input $/1M").number("output $/1M");
    if caches {
        table = table.number("cache r/w $/1M");
    }
    if specs {
        table = table
            .number("context")
            .number("max out")
            .column("reasoning");
    }
    table = table.optional(&[
        "name",
        "cache r/w $/1M",
        "max out",
        "reasoning",
        "serving",
        "context",
    ]);
    for entry in entries {
        let price = |name| entry.price(name).map(number::per_mtok);
        let count = |name| {
            let count = entry.spec(name).and_then(Value::as_i64);
            count.map_or("—".to_owned(), number::context)
        };
        let mut row = vec![entry.id().to_owned()];
        if names {
            row.push(entry.text("display_name").unwrap_or("—").to_owned());
        }
        if serving {
            let tier = match entry.text("serving") {
                Some("hosted") => "Hosted by Prime",
                Some("gateway") => "Gateway",
                other => other.unwrap_or("—"),
            };
            row.push(tier.to_owned());
        }
        row.push(price("input_usd_per_mtok").unwrap_or_default());
        row.push(price("output_usd_per_mtok").unwrap_or_default());
        if caches {
            let side = |name| price(name).unwrap_or_else(|| "—".to_owned());
            row.push(match is_cached(entry) {
                true => format!(
                    "{} / {}",
                    side("cache_read_usd_per_mtok"),
                    side("cache_write_usd_per_mtok")
                ),
                false => "—".to_owned(),
            });
        }
        if specs {
            row.extend([count("context_window"), count("max_output_tokens")]);
            let reasons = entry.spec("supports_reasoning").and_then(Value::as_bool) == Some(true);
            row.push(if reasons { "✓" } else { "—" }.to_owned());
        }
        table.row(row);
    }
    table
}
