//! The models there are.

use pinference_api::operations;
use pinference_api::types::Model;

use crate::account::on_behalf;
use crate::answered::{Answered, Call};
use crate::client::Client;

/// The models there are. From [`Client::models`].
#[derive(Debug, Clone)]
pub struct Models {
    client: Client,
}

impl Models {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All models.
    ///
    /// # Errors
    /// If the call fails.
    pub fn list(&self) -> Call<Vec<Model>> {
        Call::new(&self.client, async |client: Client| {
            let call = on_behalf(client.account(), client.inference_api().list_models())?;
            let list = Answered::of(&operations::LIST_MODELS, call.send().await)?;
            Ok(list.map(|list| list.data))
        })
    }

    /// One model, by its id. Its slashes stand in the path as they are.
    ///
    /// # Errors
    /// [`Error::is_not_found`](crate::Error::is_not_found) if there is no such model.
    pub fn get(&self, id: impl Into<String>) -> Call<Model> {
        let id = id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client.inference_api().get_model().model_id(id);
            let call = on_behalf(client.account(), call)?;
            Answered::of(&operations::GET_MODEL, call.send().await)
        })
    }
}
