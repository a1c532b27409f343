//! Selects the account that a call uses.

use openapi_runtime::{IntoRequest, WithTeam};

use crate::error::{Error, ErrorKind};

/// The account that a call uses and that is billed for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Account {
    /// The personal account of the API key's owner.
    #[default]
    Personal,
    /// The account of the team with this id.
    Team(String),
}

impl Account {
    /// Returns the team's id without validating it.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Personal => None,
            Self::Team(id) => Some(id),
        }
    }

    /// Returns the validated id of the team, or `None` for the personal account.
    ///
    /// # Errors
    /// Returns an error if the id cannot be sent in a header or query. Nothing is sent in that case.
    pub(crate) fn team(&self) -> Result<Option<&str>, Error> {
        self.check()
            .map_err(|reason| Error::new(ErrorKind::Request, reason))?;
        Ok(self.id())
    }

    /// Validates the team's id. The error is the reason why it is invalid.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self::Team(id) = self else { return Ok(()) };
        if id.trim().is_empty() {
            let reason = "the team id is empty; use `personal()` for the personal account";
            Err(reason.to_owned())
        } else if id.len() > MAX_TEAM_ID {
            Err(format!(
                "the team id has {} bytes; the maximum is {MAX_TEAM_ID}",
                id.len()
            ))
        } else if id.bytes().any(|byte| !byte.is_ascii_graphic()) {
            Err(format!(
                "invalid team id {id:?}: only visible ASCII characters are allowed"
            ))
        } else {
            Ok(())
        }
    }
}

/// The maximum length of a team id, in bytes. The ids of the provider have 25 bytes.
const MAX_TEAM_ID: usize = 256;

/// Sets the account of a call. Every call of the generated clients goes through here. The generated builder decides
/// where the team's id is sent.
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
