use axum::{Json, extract::State};
use backstep_domain::{
    AccountId, DeploymentId, GrantId, PermissionSet, Place, Problem, Subject, TeamId, TokenId, TokenLimit, WorkspaceId,
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    ApiProblem, ApiState, Caller, dto,
    input::Input,
    params::{Asked, At, given},
};
use crate::usecases::PanelToken;

/// An account in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountAt {
    /// The account's id.
    #[param(value_type = String)]
    account: AccountId,
}

/// A team in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TeamAt {
    /// The team's id.
    #[param(value_type = String)]
    team: TeamId,
}

/// A member of a team in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberAt {
    /// The team's id.
    #[param(value_type = String)]
    team: TeamId,
    /// The person's id.
    #[param(value_type = String)]
    account: AccountId,
}

/// A given role in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct GrantAt {
    /// The grant's id.
    #[param(value_type = String)]
    grant: GrantId,
}

/// A token in the path: its id, never the token.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TokenAt {
    /// The token's id.
    #[param(value_type = String)]
    token: TokenId,
}

/// A place; the installation if neither is named.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct PlaceAsked {
    /// A Workspace's id.
    workspace_id: Option<String>,
    /// A Deployment's id.
    deployment_id: Option<String>,
}

fn place(workspace: &Option<String>, deployment: &Option<String>) -> Result<Place, Problem> {
    match (given(workspace), given(deployment)) {
        (None, None) => Ok(Place::System),
        (Some(id), None) => Ok(Place::Workspace(WorkspaceId::new(id))),
        (None, Some(id)) => Ok(Place::Deployment(DeploymentId::new(id))),
        (Some(_), Some(_)) => {
            Err(Problem::invalid("workspaceId", "Name a Workspace or a Deployment, not both; a Deployment is in one."))
        }
    }
}

impl PlaceAsked {
    fn place(&self) -> Result<Place, Problem> {
        place(&self.workspace_id, &self.deployment_id)
    }
}

/// Who calls, and what that principal may do everywhere.
#[utoipa::path(get, path = "/api/v1/me", tag = "Access", operation_id = "getMe",
    responses((status = 200, description = "The caller.", body = dto::Me)))]
pub async fn me(Caller(who): Caller) -> Json<dto::Me> {
    Json(dto::Me::from(&who))
}

/// All people.
#[utoipa::path(get, path = "/api/v1/people", tag = "Access", operation_id = "listPeople",
    responses((status = 200, description = "The accounts, by name.", body = dto::Accounts)))]
pub async fn people(State(state): State<ApiState>, Caller(who): Caller) -> Result<Json<dto::Accounts>, ApiProblem> {
    Ok(Json(state.usecases.people(&who).await?.into()))
}

/// Create a person's account. They set their password with the link.
#[utoipa::path(post, path = "/api/v1/people", tag = "Access", operation_id = "createPerson",
    request_body = dto::CreatePerson,
    responses((status = 201, description = "The account, and a one-time link.", body = dto::Invitation)))]
pub async fn invite(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Input { body, .. }: Input<dto::CreatePerson>,
) -> Result<(StatusCode, Json<dto::Invitation>), ApiProblem> {
    let invitation = state.usecases.invite(&who, &state.accounts, &body.login, &body.name).await?;
    Ok((StatusCode::CREATED, Json(invitation.into())))
}

/// A link with which a person sets a new password.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/password-link", tag = "Access",
    operation_id = "makePasswordLink", params(AccountAt),
    responses((status = 200, description = "The account, and a one-time link.", body = dto::Invitation)))]
pub async fn password_link(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<AccountAt>,
) -> Result<Json<dto::Invitation>, ApiProblem> {
    Ok(Json(state.usecases.reset_password(&who, &state.accounts, &at.account).await?.into()))
}

/// Disable an account: its sessions end and its tokens are refused at once.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/disable", tag = "Access", operation_id = "disableAccount",
    params(AccountAt), responses((status = 200, description = "It is disabled.", body = dto::Made)))]
pub async fn disable(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<AccountAt>,
) -> Result<Json<dto::Made>, ApiProblem> {
    state.usecases.set_account_disabled(&who, &at.account, true).await?;
    Ok(Json(dto::Made { id: at.account.to_string() }))
}

/// Enable an account again.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/enable", tag = "Access", operation_id = "enableAccount",
    params(AccountAt), responses((status = 200, description = "It is enabled.", body = dto::Made)))]
pub async fn enable(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<AccountAt>,
) -> Result<Json<dto::Made>, ApiProblem> {
    state.usecases.set_account_disabled(&who, &at.account, false).await?;
    Ok(Json(dto::Made { id: at.account.to_string() }))
}

/// All teams.
#[utoipa::path(get, path = "/api/v1/teams", tag = "Access", operation_id = "listTeams",
    responses((status = 200, description = "The teams with their members.", body = dto::Teams)))]
pub async fn teams(State(state): State<ApiState>, Caller(who): Caller) -> Result<Json<dto::Teams>, ApiProblem> {
    let teams = state.usecases.teams(&who).await?;
    Ok(Json(dto::Teams { teams: teams.into_iter().map(dto::Team::from).collect() }))
}

/// Create a team.
#[utoipa::path(post, path = "/api/v1/teams", tag = "Access", operation_id = "createTeam",
    request_body = dto::CreateTeam, responses((status = 201, description = "The new team.", body = dto::Made)))]
pub async fn create_team(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Input { body, .. }: Input<dto::CreateTeam>,
) -> Result<(StatusCode, Json<dto::Made>), ApiProblem> {
    let id = state.usecases.create_team(&who, &body.name).await?;
    Ok((StatusCode::CREATED, Json(dto::Made { id: id.to_string() })))
}

/// Remove a team; its members lose the roles that it brought.
#[utoipa::path(delete, path = "/api/v1/teams/{team}", tag = "Access", operation_id = "removeTeam", params(TeamAt),
    responses((status = 204, description = "It is removed.")))]
pub async fn remove_team(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<TeamAt>,
) -> Result<StatusCode, ApiProblem> {
    state.usecases.remove_team(&who, &at.team).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a person into a team.
#[utoipa::path(put, path = "/api/v1/teams/{team}/members/{account}", tag = "Access", operation_id = "addTeamMember",
    params(MemberAt), responses((status = 204, description = "The person is in the team.")))]
pub async fn add_member(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<MemberAt>,
) -> Result<StatusCode, ApiProblem> {
    state.usecases.set_team_member(&who, &at.team, &at.account, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a person out of a team.
#[utoipa::path(delete, path = "/api/v1/teams/{team}/members/{account}", tag = "Access",
    operation_id = "removeTeamMember", params(MemberAt),
    responses((status = 204, description = "The person is not in the team.")))]
pub async fn remove_member(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<MemberAt>,
) -> Result<StatusCode, ApiProblem> {
    state.usecases.set_team_member(&who, &at.team, &at.account, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The roles in force, with what the configuration changed.
#[utoipa::path(get, path = "/api/v1/roles", tag = "Access", operation_id = "listRoles",
    responses((status = 200, description = "The roles.", body = dto::Roles)))]
pub async fn roles(State(state): State<ApiState>, Caller(_who): Caller) -> Json<dto::Roles> {
    Json(dto::Roles { roles: state.usecases.roles.iter().cloned().map(dto::Role::from).collect() })
}

/// Who has a role at a place: there, or above it.
#[utoipa::path(get, path = "/api/v1/grants", tag = "Access", operation_id = "listGrants", params(PlaceAsked),
    responses((status = 200, description = "The roles that were given.", body = dto::Grants)))]
pub async fn grants(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Asked(asked): Asked<PlaceAsked>,
) -> Result<Json<dto::Grants>, ApiProblem> {
    Ok(Json(state.usecases.access(&who, &asked.place()?).await?.into()))
}

/// Give a role. Nobody gives more than they have there themselves.
#[utoipa::path(post, path = "/api/v1/grants", tag = "Access", operation_id = "giveRole", request_body = dto::GiveRole,
    responses((status = 201, description = "The role that was given.", body = dto::Grant)))]
pub async fn give_role(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Input { body, .. }: Input<dto::GiveRole>,
) -> Result<(StatusCode, Json<dto::Grant>), ApiProblem> {
    let subject = match (given(&body.account_id), given(&body.team_id)) {
        (Some(id), None) => Subject::Account(AccountId::new(id)),
        (None, Some(id)) => Subject::Team(TeamId::new(id)),
        _ => return Err(Problem::invalid("accountId", "Name an account or a team to give the role to.").into()),
    };
    let place = place(&body.workspace_id, &body.deployment_id)?;
    let grant = state.usecases.give_role(&who, subject, &dto::role_id(&body.role)?, &place).await?;
    Ok((StatusCode::CREATED, Json(grant.into())))
}

/// Take a role away.
#[utoipa::path(delete, path = "/api/v1/grants/{grant}", tag = "Access", operation_id = "takeRole", params(GrantAt),
    responses((status = 204, description = "It is taken away.")))]
pub async fn take_role(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<GrantAt>,
) -> Result<StatusCode, ApiProblem> {
    state.usecases.take_role(&who, &at.grant).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an account may do at a place, and through which roles.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/permissions", tag = "Access", operation_id = "explainAccess",
    params(AccountAt, PlaceAsked),
    responses((status = 200, description = "Each permission, and what brings it.", body = dto::Permissions)))]
pub async fn explain(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<AccountAt>,
    Asked(asked): Asked<PlaceAsked>,
) -> Result<Json<dto::Permissions>, ApiProblem> {
    Ok(Json(state.usecases.explain_access(&who, &at.account, &asked.place()?).await?.into()))
}

/// The service accounts that belong to a place.
#[utoipa::path(get, path = "/api/v1/service-accounts", tag = "Access", operation_id = "listServiceAccounts",
    params(PlaceAsked), responses((status = 200, description = "The accounts, by name.", body = dto::Accounts)))]
pub async fn service_accounts(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Asked(asked): Asked<PlaceAsked>,
) -> Result<Json<dto::Accounts>, ApiProblem> {
    Ok(Json(state.usecases.service_accounts(&who, &asked.place()?).await?.into()))
}

/// Create a service account. It has no role yet.
#[utoipa::path(post, path = "/api/v1/service-accounts", tag = "Access", operation_id = "createServiceAccount",
    request_body = dto::CreateServiceAccount,
    responses((status = 201, description = "The new account.", body = dto::Account)))]
pub async fn create_service_account(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Input { body, .. }: Input<dto::CreateServiceAccount>,
) -> Result<(StatusCode, Json<dto::Account>), ApiProblem> {
    let place = place(&body.workspace_id, &body.deployment_id)?;
    let account = state.usecases.create_service_account(&who, &place, &body.name).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// An account's tokens, newest first.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/tokens", tag = "Access", operation_id = "listTokens",
    params(AccountAt), responses((status = 200, description = "The tokens.", body = dto::ApiTokens)))]
pub async fn tokens(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<AccountAt>,
) -> Result<Json<dto::ApiTokens>, ApiProblem> {
    let tokens = state.usecases.tokens(&who, &at.account).await?;
    Ok(Json(dto::ApiTokens { tokens: tokens.into_iter().map(dto::ApiToken::from).collect() }))
}

/// Make a token of a service account. It is shown this once.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/tokens", tag = "Access", operation_id = "makeToken",
    params(AccountAt), request_body = dto::MakeToken,
    responses((status = 201, description = "The token.", body = dto::MadeToken)))]
pub async fn make_token(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<AccountAt>,
    Input { body, .. }: Input<dto::MakeToken>,
) -> Result<(StatusCode, Json<dto::MadeToken>), ApiProblem> {
    let limit = limit(body.deployments, body.permissions)?;
    let asked = backstep_app::api::NewToken { name: body.name, days: body.days, limit };
    let made = state.usecases.make_token(&who, &at.account, asked).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Make a new token in an old one's place; the old one may go on for a while.
#[utoipa::path(post, path = "/api/v1/tokens/{token}/rotate", tag = "Access", operation_id = "rotateToken",
    params(TokenAt), request_body = dto::RotateToken,
    responses((status = 201, description = "The new token.", body = dto::MadeToken)))]
pub async fn rotate(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<TokenAt>,
    Input { body, .. }: Input<dto::RotateToken>,
) -> Result<(StatusCode, Json<dto::MadeToken>), ApiProblem> {
    let made = state.usecases.rotate_token(&who, &at.token, body.days, body.overlap_minutes).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// End a token at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "Access", operation_id = "revokeToken", params(TokenAt),
    responses((status = 204, description = "It is refused from now on.")))]
pub async fn revoke(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<TokenAt>,
) -> Result<StatusCode, ApiProblem> {
    state.usecases.revoke_token(&who, &at.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mint a token for a panel, with a service account's token: for minutes, for named Deployments.
#[utoipa::path(post, path = "/api/v1/panel-tokens", tag = "Access", operation_id = "mintPanelToken",
    request_body = dto::MintPanelToken,
    responses((status = 201, description = "The token.", body = dto::MadeToken)))]
pub async fn panel_token(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Input { body, .. }: Input<dto::MintPanelToken>,
) -> Result<(StatusCode, Json<dto::MadeToken>), ApiProblem> {
    let TokenLimit { deployments, permissions } = limit(body.deployments, body.permissions)?;
    let asked = PanelToken { deployments, permissions, minutes: body.minutes, on_behalf_of: body.on_behalf_of };
    Ok((StatusCode::CREATED, Json(state.usecases.mint_panel_token(&who, asked).await?.into())))
}

fn limit(deployments: Vec<String>, permissions: Option<Vec<String>>) -> Result<TokenLimit, Problem> {
    let permissions = permissions
        .map(|names| names.iter().map(|name| name.parse()).collect::<Result<PermissionSet, String>>())
        .transpose()
        .map_err(|error| Problem::invalid("permissions", format!("{error} that Backstep uses.")))?;
    Ok(TokenLimit { deployments: deployments.into_iter().map(DeploymentId::new).collect(), permissions })
}
