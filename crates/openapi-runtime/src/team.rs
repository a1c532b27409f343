//! Calls on behalf of a team.

/// Sets the team that a call is made for.
///
/// Generated code implements this trait for the builders of all operations if the specification marks a team
/// (`x-team`), so that generic code can set it.
/// [`Operation::team`](crate::Operation::team) states where a request names the team.
///
/// ```
/// use openapi_runtime::WithTeam;
///
/// /// Sets the team of any call, if there is one.
/// fn on_behalf<B: WithTeam>(team: Option<&str>, call: B) -> B {
///     match team {
///         Some(team) => call.with_team(team),
///         None => call,
///     }
/// }
/// ```
pub trait WithTeam: Sized {
    /// Sets the team. Returns the builder unchanged if the operation does not support teams.
    fn with_team(self, team: &str) -> Self;
}
