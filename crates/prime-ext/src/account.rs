//! Whose account a call uses.

use openapi_runtime::{IntoRequest, WithTeam};

use crate::error::{Error, ErrorKind};

/// Whose account a call uses and bills.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Account {
    /// The account of the key's owner.
    #[default]
    Personal,
    /// A team's, by its id.
    Team(String),
}

impl Account {
    /// The team's id as it was given.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Personal => None,
            Self::Team(id) => Some(id),
        }
    }

    /// The team's id, to be sent; `None` for the personal account.
    ///
    /// # Errors
    /// If the id cannot be sent in a header or a query. Nothing is sent then.
    pub(crate) fn team(&self) -> Result<Option<&str>, Error> {
        self.check()
            .map_err(|reason| Error::new(ErrorKind::Request, reason))?;
        Ok(self.id())
    }

    /// Why the team's id cannot be one, if it cannot.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self::Team(id) = self else { return Ok(()) };
        if id.trim().is_empty() {
            let reason = "the team's id is empty; for the personal account use `personal()`";
            Err(reason.to_owned())
        } else if id.len() > MAX_TEAM_ID {
            Err(format!(
                "the team's id has {} bytes; at most {MAX_TEAM_ID} are allowed",
                id.len()
            ))
        } else if id.bytes().any(|byte| !byte.is_ascii_graphic()) {
            Err(format!("{id:?} cannot be a team's id"))
        } else {
            Ok(())
        }
    }
}

/// The longest id of a team, in bytes. Those of the provider have 25.
const MAX_TEAM_ID: usize = 256;

/// A call on behalf of an account. Every call is made through here: the generated builder knows where the team goes.
pub(crate) fn on_behalf<B>(account: &Account, builder: B) -> Result<B, Error>
where
    B: IntoRequest + WithTeam,
{
    let named = |error: Error| error.with_operation(B::OPERATION.id);
    Ok(match account.team().map_err(named)? {
        Some(team) => builder.with_team(team),
        None => builder,
    })
}
