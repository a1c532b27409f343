//! The owner of the key, and the teams.

use std::collections::HashSet;

use openapi_runtime::Response;
use prime_platform_api::types::{Team, Whoami};

use crate::call::Call;
use crate::client::Client;

/// The number of teams per page. Source: the provider's own client.
const TEAMS_PER_PAGE: u64 = 100;

impl Client {
    /// Returns the owner, the permissions and the limits of the API key. If this client has a team, the limits of the
    /// account are those of the team.
    ///
    /// Unofficial: observed in the provider's own client (`prime whoami`).
    ///
    /// # Errors
    /// Returns an error if the call fails.
    pub fn whoami(&self) -> Call<Whoami> {
        Call::new(self, async |client: Client| {
            let call = client.on_behalf(client.platform_api().whoami())?;
            let whoami = call.send_with(client.context()).await?;
            Ok(whoami.map(|whoami| whoami.data))
        })
    }

    /// Lists the teams of which the key's owner is a member. [`team`](Self::team) returns a client for one of them.
    ///
    /// A team that cannot be read, because it has no id, is omitted. The
    /// [warnings](openapi_runtime::Response::warnings) of the response report that. If there are more than 100 teams,
    /// several requests are sent, and the response is the last one.
    ///
    /// Unofficial: observed in the provider's own client (`prime teams list`).
    ///
    /// # Errors
    /// Returns an error if a request fails.
    pub fn teams(&self) -> Call<Vec<Team>> {
        Call::new(self, async |client: Client| {
            let (mut teams, mut ids) = (Vec::new(), HashSet::new());
            let (mut warnings, mut offset) = (Vec::new(), 0);
            loop {
                let call = client.on_behalf(client.platform_api().list_teams())?;
                let call = call.offset(offset).limit(TEAMS_PER_PAGE);
                let (page, meta, body) = call.send_with(client.context()).await?.into_parts();
                let known = teams.len();
                let new = page.data.into_iter();
                teams.extend(new.filter(|team: &Team| ids.insert(team.team_id.clone())));
                offset += TEAMS_PER_PAGE;
                let total = page.total_count.unwrap_or_default();
                let total = u64::try_from(total).unwrap_or_default();
                // A page without new teams is the last one, whatever the total is.
                if teams.len() == known || offset >= total {
                    return Ok(Response::new(teams, meta.with_warnings(warnings), body));
                }
                warnings.extend(meta.warnings().iter().cloned());
            }
        })
    }
}
