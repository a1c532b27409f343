//! Whose account a call uses.

use openapi_runtime::WithTeam;

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

    /// The team's id, to be sent; nothing for the personal account.
    ///
    /// # Errors
    /// If the id could not stand in a header or a query: nothing is sent then.
    pub(crate) fn team(&self) -> Result<Option<&str>, Error> {
        match self {
            Self::Personal => Ok(None),
            Self::Team(id) if id.trim().is_empty() => {
                let message = "the team's id is empty; for the personal account use `personal()`";
                Err(Error::new(ErrorKind::Request, message))
            }
            Self::Team(id)
                if id
                    .chars()
                    .any(|c| c.is_control() || !c.is_ascii() || c == ' ') =>
            {
                let message = format!("{id:?} cannot be a team's id");
                Err(Error::new(ErrorKind::Request, message))
            }
            Self::Team(id) => Ok(Some(id)),
        }
    }
}

/// A call on behalf of an account. Every call goes through here: the builder of an operation knows where the
/// team goes.
pub(crate) fn on_behalf<B: WithTeam>(account: &Account, builder: B) -> Result<B, Error> {
    Ok(match account.team()? {
        Some(team) => builder.with_team(team),
        None => builder,
    })
}
