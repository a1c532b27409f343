//! The models there are.

use pinference_api::operations;
use pinference_api::types::Model;

use crate::account::on_behalf;
use crate::client::Client;
use crate::error::Error;

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
    pub async fn list(&self) -> Result<Vec<Model>, Error> {
        let call = on_behalf(
            self.client.account(),
            self.client.inference_api().list_models(),
        )?;
        let list = call
            .send()
            .await
            .map_err(|e| Error::of_call(&operations::LIST_MODELS, e))?;
        Ok(list.into_inner().data)
    }

    /// One model, by its id. Its slashes stand in the path as they are.
    ///
    /// # Errors
    /// [`Error::is_not_found`] if there is no such model.
    pub async fn get(&self, id: &str) -> Result<Model, Error> {
        let call = self.client.inference_api().get_model().model_id(id);
        let call = on_behalf(self.client.account(), call)?;
        let model = call
            .send()
            .await
            .map_err(|e| Error::of_call(&operations::GET_MODEL, e))?;
        Ok(model.into_inner())
    }
}
