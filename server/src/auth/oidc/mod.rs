//! Sign-in with an OpenID Connect provider: authorization code flow with PKCE, state and nonce, bound to the browser.
//!
//! openidconnect makes the requests and checks signatures and claims; here is what it leaves to its caller: the flow's
//! memory and its cookie, `iss` in the answer (RFC 9207), `azp`, the times, `at_hash`, and groups.

mod callback;
mod config;
mod error;
mod flow;
mod http;
mod identity;
mod provider;
mod types;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeSet, sync::Arc};

use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, CsrfToken, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, RequestTokenError, Scope, SubjectIdentifier, TokenResponse,
    UserInfoError,
    core::{CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType},
};

use error::IdTokenFault;

pub use config::{BadOidc, GroupRole, OidcConfig, Settings};
pub use error::OidcError;
pub use identity::Identity;

use self::{
    callback::Callback,
    flow::{Flow, FlowCookie},
    http::{HttpFailure, ProviderHttp},
    identity::Told,
    provider::Provider,
    types::{Metadata, RelyingParty, Token, UserInfo},
    verify::Expected,
};
use super::secret::random;
use crate::{clock::Clock, pace::Pace, store::Store};

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/sign-in/oidc/callback";

/// Where the provider sends people after they signed out there.
pub const SIGNED_OUT: &str = "/sign-in";

/// Sign-ins that an address may begin in a minute: whoever is not signed in must not be able to fill the store. Many people
/// can share an address.
const BEGUN_PER_MINUTE: u32 = 60;

/// The provider that people sign in with. Cheap to clone.
#[derive(Clone)]
pub struct Oidc {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    redirect: RedirectUrl,
    cookie: FlowCookie,
    provider: Provider,
    pace: Pace,
    store: Store,
    clock: Arc<dyn Clock>,
}

/// A sign-in that has begun: where to send the browser, and what it must keep.
#[derive(Debug)]
pub struct Begun {
    pub location: String,
    /// The `Set-Cookie` header.
    pub cookie: String,
}

impl Oidc {
    /// Does not call the provider yet: this server starts without it.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub fn new(settings: Settings, store: Store, clock: Arc<dyn Clock>) -> Result<Self, BadOidc> {
        let redirect =
            RedirectUrl::new(format!("{}{CALLBACK}", settings.public_url)).map_err(|_| BadOidc::PublicUrl)?;
        let provider = Provider::new(settings.issuer.clone(), ProviderHttp::new(&settings)?);
        let cookie = FlowCookie::new(&settings.public_url);
        Ok(Self {
            inner: Arc::new(Inner {
                settings,
                redirect,
                cookie,
                provider,
                pace: Pace::per_minute(BEGUN_PER_MINUTE),
                store,
                clock,
            }),
        })
    }

    /// The provider's name, for "Sign in with NAME".
    pub fn name(&self) -> &str {
        &self.inner.settings.name
    }

    pub fn issuer(&self) -> &str {
        self.inner.settings.issuer.as_str()
    }

    /// What the groups bring.
    pub fn roles(&self, groups: &BTreeSet<String>) -> impl Iterator<Item = &GroupRole> {
        self.inner.settings.roles.iter().filter(|role| groups.contains(&role.group))
    }

    /// Whether a browser with this `Cookie` header began a sign-in here.
    pub fn began(&self, cookies: Option<&str>) -> bool {
        self.inner.cookie.value(cookies).is_some()
    }

    /// The `Set-Cookie` header that ends the flow's cookie.
    pub fn end_cookie(&self) -> String {
        self.inner.cookie.end()
    }

    /// Begins a sign-in of a browser with this `Cookie` header, from this address.
    pub async fn begin(&self, cookies: Option<&str>, address: &str) -> Result<Begun, OidcError> {
        let Inner { settings, cookie, provider, pace, store, clock, .. } = &*self.inner;
        pace.admit(address, clock.now()).map_err(|_| OidcError::TooMany)?;
        let metadata = provider.metadata(clock.now()).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, nonce) = (random(), random());
        let browser = cookie.value(cookies).unwrap_or_else(FlowCookie::new_value);
        let flow = Flow::new(&browser, nonce.clone(), verifier.into_secret(), clock.now());
        flow.keep(store, &state).await?;
        let client = self.client(&metadata);
        let state = CsrfToken::new(state);
        let request =
            client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || Nonce::new(nonce));
        let scopes = settings.scopes.iter().filter(|s| *s != "openid").cloned().map(Scope::new);
        let (location, _, _) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(Begun { location: location.into(), cookie: cookie.set(&browser) })
    }

    /// Finishes a sign-in. `query`: of the address that the provider sent the browser to; `cookies`: its `Cookie` header.
    ///
    /// # Errors
    /// Anything that does not fit; nothing has been done then, and the sign-in cannot be taken up again.
    pub async fn finish(&self, query: &str, cookies: Option<&str>) -> Result<Identity, OidcError> {
        let Inner { settings, cookie, provider, store, clock, .. } = &*self.inner;
        let callback = Callback::parse(query)?;
        let browser = cookie.value(cookies);
        let flow = Flow::take(store, callback.state()?, browser.as_deref(), clock.now()).await?;
        let metadata = provider.metadata(clock.now()).await?;
        let always_named = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        let code = callback.code(&settings.issuer, always_named)?.to_owned();
        let client = self.client(&metadata);
        let (token, access_token) = self.exchange(&client, code, &flow).await?;
        self.identify(&client, &metadata, &flow, &token, access_token).await
    }

    /// Where to send a browser so that its session at the provider ends too; `None` if the provider has no such place.
    pub async fn end_session_url(&self, id_token: &str) -> Option<String> {
        let Inner { settings, provider, clock, .. } = &*self.inner;
        let metadata = match provider.metadata(clock.now()).await {
            Ok(metadata) => metadata,
            Err(error) => {
                tracing::warn!(%error, detail = error.detail(), "signed out here, but not at the provider");
                return None;
            }
        };
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone()?;
        let back = PostLogoutRedirectUrl::new(format!("{}{SIGNED_OUT}", settings.public_url)).ok()?;
        let mut request =
            LogoutRequest::from(endpoint).set_client_id(settings.client_id.clone()).set_post_logout_redirect_uri(back);
        if let Ok(token) = id_token.parse::<Token>() {
            request = request.set_id_token_hint(&token);
        }
        Some(request.http_get_url().into())
    }

    fn client(&self, metadata: &Metadata) -> RelyingParty {
        let Inner { settings, redirect, .. } = &*self.inner;
        let methods = metadata.token_endpoint_auth_methods_supported().map(Vec::as_slice).unwrap_or_default();
        let has = |method| methods.contains(&method);
        // Basic is the default (Discovery 1.0, section 3), and the only one that every provider must have.
        let in_body = has(CoreClientAuthMethod::ClientSecretPost) && !has(CoreClientAuthMethod::ClientSecretBasic);
        RelyingParty::from_provider_metadata(
            metadata.clone(),
            settings.client_id.clone(),
            settings.client_secret.clone(),
        )
        .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
        .set_redirect_uri(redirect.clone())
    }

    async fn exchange(
        &self,
        client: &RelyingParty,
        code: String,
        flow: &Flow,
    ) -> Result<(Token, AccessToken), OidcError> {
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|e| OidcError::Description(e.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()));
        let answer = request.request_async(self.inner.provider.http()).await.map_err(not_exchanged)?;
        let token = answer.id_token().ok_or_else(|| IdTokenFault::Missing.with(""))?;
        Ok((token.clone(), answer.access_token().clone()))
    }

    async fn identify(
        &self,
        client: &RelyingParty,
        metadata: &Arc<Metadata>,
        flow: &Flow,
        token: &Token,
        access_token: AccessToken,
    ) -> Result<Identity, OidcError> {
        let Inner { settings, provider, clock, .. } = &*self.inner;
        let now = clock.now();
        let expected =
            |metadata| Expected { metadata, client_id: &settings.client_id, flow, access_token: &access_token, now };
        let claims = match expected(metadata).claims(token) {
            // The provider may have changed its keys since they were fetched.
            Err(unknown @ OidcError::IdToken { fault: IdTokenFault::Key, .. }) => {
                match provider.newer_keys(metadata, now).await? {
                    Some(newer) => expected(&newer).claims(token)?,
                    None => return Err(unknown),
                }
            }
            checked => checked?,
        };
        let told = Told::by_token(claims, &settings.groups_claim)?;
        let told = if told.is_complete(!settings.roles.is_empty()) || client.user_info_url().is_none() {
            told
        } else {
            told.or(self.ask(client, access_token, claims.subject().clone()).await?)
        };
        Ok(told.identity(settings.issuer.as_str(), claims.subject().as_str(), token.to_string()))
    }

    /// Many providers put only the subject into the ID token and tell the rest here.
    async fn ask(
        &self,
        client: &RelyingParty,
        token: AccessToken,
        subject: SubjectIdentifier,
    ) -> Result<Told, OidcError> {
        let request = client.user_info(token, Some(subject)).map_err(|e| OidcError::Description(e.to_string()))?;
        let info: UserInfo = request.request_async(self.inner.provider.http()).await.map_err(|error| match error {
            UserInfoError::Request(failure) => OidcError::Unreachable(failure.to_string()),
            UserInfoError::ClaimsVerification(error) => OidcError::UserInfo(error.to_string()),
            UserInfoError::Response(_, _, what) => OidcError::UserInfo(what),
            other => OidcError::UserInfo(other.to_string()),
        })?;
        Told::by_user_info(&info, &self.inner.settings.groups_claim)
    }
}

fn not_exchanged(
    error: RequestTokenError<HttpFailure, openidconnect::StandardErrorResponse<CoreErrorResponseType>>,
) -> OidcError {
    match error {
        RequestTokenError::Request(failure) => OidcError::Unreachable(failure.to_string()),
        RequestTokenError::ServerResponse(answer) => {
            let detail = format!("{} {:?}", answer.error().as_ref(), answer.error_description());
            match answer.error() {
                CoreErrorResponseType::InvalidGrant => OidcError::Code(detail),
                _ => OidcError::Client(detail),
            }
        }
        // Not the body, which may hold tokens.
        RequestTokenError::Parse(error, _) => OidcError::Answer(error.to_string()),
        RequestTokenError::Other(what) => OidcError::Answer(what),
    }
}
