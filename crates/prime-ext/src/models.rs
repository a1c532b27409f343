//! Lists models and parses their ids.

use std::fmt;
use std::str::FromStr;

use openapi_runtime::lenient::{self, Warning};
use openapi_runtime::{Response, Usd};
use pinference_api::types::{Model, ModelPricing};

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind, mismatched_body};

/// The available models. Returned by [`Client::models`].
#[derive(Debug, Clone)]
pub struct Models {
    client: Client,
}

impl Models {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Lists all available models.
    ///
    /// A model that cannot be read, for example because it has no id, is omitted. A price that is negative or not a
    /// number is unknown. The [warnings](openapi_runtime::Response::warnings) of the response report both.
    ///
    /// # Errors
    /// Returns an error if the call fails.
    pub fn list(&self) -> Call<Vec<Model>> {
        Call::new(&self.client, async |client: Client| {
            let call = client.on_behalf(client.inference_api().list_models())?;
            match call.send_with(client.context()).await {
                Ok(list) => Ok(checked(list.map(|list| list.data))),
                Err(error) => Ok(checked(bare_list(&error).ok_or(error)?)),
            }
        })
    }

    /// Returns the model with this id. Slashes in the id are not percent-encoded in the path.
    ///
    /// # Errors
    /// Returns an error if the call fails. [`is_not_found`](openapi_runtime::Error::is_not_found) is true for an
    /// unknown model.
    pub fn get(&self, id: impl Into<String>) -> Call<Model> {
        let id = id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client.inference_api().get_model().model_id(id);
            let call = client.on_behalf(call)?;
            let model = call.send_with(client.context()).await?;
            Ok(checked(model.map(|model| [model])).map(|[model]| model))
        })
    }
}

/// Reads a response that is the list itself, instead of an object with the list.
fn bare_list(error: &openapi_runtime::Error) -> Option<Response<Vec<Model>>> {
    let (meta, body) = mismatched_body(error)?;
    // A lenient list would also accept any other value, as its only item.
    if !body.trim_ascii_start().starts_with(b"[") {
        return None;
    }
    let (models, warnings) = lenient::from_json::<Vec<Model>>(body).ok()?;
    // A list without models may be a list of something else.
    if models.is_empty() {
        return None;
    }
    let bare = Warning::new("", "expected an object with a list, got the list");
    let meta = meta.clone().with_warnings([bare]);
    Some(Response::new(
        models,
        meta.with_warnings(warnings),
        body.clone(),
    ))
}

/// Makes negative prices unknown, with a warning. Some services state a negative price if the price varies.
fn checked<M: AsMut<[Model]>>(response: Response<M>) -> Response<M> {
    let (mut models, meta, body) = response.into_parts();
    let mut warnings = Vec::new();
    for model in models.as_mut() {
        let Some(pricing) = &mut model.pricing else {
            continue;
        };
        for (name, price) in prices(pricing) {
            if price.is_some_and(|price| price < Usd::ZERO) {
                *price = None;
                let reason = format!(
                    "the price of model {:?} is negative; read as missing",
                    model.id
                );
                warnings.push(Warning::new(format!("pricing.{name}"), reason));
            }
        }
    }
    Response::new(models, meta.with_warnings(warnings), body)
}

fn prices(pricing: &mut ModelPricing) -> [(&'static str, &mut Option<Usd>); 4] {
    [
        ("input_usd_per_mtok", &mut pricing.input_usd_per_mtok),
        ("output_usd_per_mtok", &mut pricing.output_usd_per_mtok),
        (
            "cache_read_usd_per_mtok",
            &mut pricing.cache_read_usd_per_mtok,
        ),
        (
            "cache_write_usd_per_mtok",
            &mut pricing.cache_write_usd_per_mtok,
        ),
    ]
}

/// The id of a model with an optional adapter: `{base}` or `{base}:{adapter}`. Source: the provider's own
/// client.
///
/// ```
/// use prime_ext::ModelId;
///
/// let id: ModelId = "Qwen/Qwen3-0.6B:ad_7f".parse()?;
/// assert_eq!((id.base(), id.adapter()), ("Qwen/Qwen3-0.6B", Some("ad_7f")));
/// assert_eq!(ModelId::parse("Qwen/Qwen3-0.6B")?.with_adapter("ad_7f")?, id);
/// assert_eq!(id.to_string(), "Qwen/Qwen3-0.6B:ad_7f");
/// # fn ask(prime: prime_ext::Client, id: ModelId) {
/// let question = prime.chat(id).user("Hello");
/// # }
/// # Ok::<(), prime_ext::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId {
    base: String,
    adapter: Option<String>,
}

impl ModelId {
    /// Parses an id. The first colon separates the base from the adapter.
    ///
    /// # Errors
    /// Returns an error if the base or the adapter is empty or contains whitespace or a control character.
    pub fn parse(id: &str) -> Result<Self, Error> {
        let (base, adapter) = match id.split_once(':') {
            Some((base, adapter)) => (base, Some(valid_part("adapter", adapter, id)?)),
            None => (id, None),
        };
        Ok(Self {
            base: valid_part("base", base, id)?,
            adapter,
        })
    }

    /// Replaces the adapter.
    ///
    /// # Errors
    /// Returns an error if the adapter's id is empty or contains whitespace or a control character.
    pub fn with_adapter(self, adapter: &str) -> Result<Self, Error> {
        let adapter = Some(valid_part("adapter", adapter, adapter)?);
        Ok(Self { adapter, ..self })
    }

    /// Removes the adapter.
    #[must_use]
    pub fn without_adapter(self) -> Self {
        Self {
            adapter: None,
            ..self
        }
    }

    /// Returns the id of the base model.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the id of the adapter.
    pub fn adapter(&self) -> Option<&str> {
        self.adapter.as_deref()
    }
}

fn valid_part(name: &str, part: &str, id: &str) -> Result<String, Error> {
    if part.is_empty() || part.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let message = format!(
            "invalid model id {id:?}: the {name} is empty or contains whitespace or a control character"
        );
        return Err(Error::new(ErrorKind::Request, message));
    }
    Ok(part.to_owned())
}

impl FromStr for ModelId {
    type Err = Error;

    fn from_str(id: &str) -> Result<Self, Error> {
        Self::parse(id)
    }
}

impl TryFrom<&str> for ModelId {
    type Error = Error;

    fn try_from(id: &str) -> Result<Self, Error> {
        Self::parse(id)
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.to_string()
    }
}

impl From<&ModelId> for String {
    fn from(id: &ModelId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.adapter {
            Some(adapter) => f.pad(&format!("{}:{adapter}", self.base)),
            None => f.pad(&self.base),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_parsed_and_formatted() {
        for (id, base, adapter) in [
            ("m", "m", None),
            ("a/b", "a/b", None),
            ("a/b:c", "a/b", Some("c")),
            ("a/b:c:d", "a/b", Some("c:d")),
            ("a/b/c:d/e", "a/b/c", Some("d/e")),
        ] {
            let parsed = ModelId::parse(id).unwrap();
            assert_eq!((parsed.base(), parsed.adapter()), (base, adapter));
            assert_eq!(String::from(&parsed), id);
            let plain = parsed.clone().without_adapter();
            assert_eq!(plain.to_string(), base);
            if let Some(adapter) = adapter {
                assert_eq!(plain.with_adapter(adapter).unwrap(), parsed);
            }
        }
        for id in ["", ":", "a:", ":b", " ", "a b", "a:b\n", "a\t"] {
            let error = ModelId::parse(id).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request, "{id:?}");
        }
        let id = ModelId::parse("a").unwrap();
        assert!(id.with_adapter("").is_err());
    }
}
