//! Calls on behalf of a team.

/// Bills or runs a call for a team.
///
/// Generated code implements this for the builder of every operation, so that code that makes calls of any
/// kind can name a team without knowing how each of them does. [`Operation::team`](crate::Operation::team)
/// says where the team goes.
///
/// ```
/// use openapi_runtime::WithTeam;
///
/// /// Every call goes through here, for a team or for nobody in particular.
/// fn on_behalf<B: WithTeam>(team: Option<&str>, call: B) -> B {
///     match team {
///         Some(team) => call.with_team(team),
///         None => call,
///     }
/// }
/// ```
pub trait WithTeam: Sized {
    /// Names the team in the place that the specification gives it. The builder of an operation that has no
    /// place for a team is returned unchanged.
    fn with_team(self, team: &str) -> Self;
}
