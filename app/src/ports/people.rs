use async_trait::async_trait;
use backstep_domain::{Principal, Problem};

use crate::api::{Browser, SignIn, SignedOut};

/// Signing in and out.
#[async_trait]
pub trait PeoplePort: Send + Sync {
    /// Answers the `Set-Cookie` header of the new session.
    async fn sign_in(&self, how: SignIn, browser: &Browser) -> Result<String, Problem>;
    /// Ends the browser's session.
    async fn sign_out(&self, who: &Principal, browser: &Browser) -> Result<SignedOut, Problem>;
    /// The demo people as (id, name); `None` outside the demo.
    fn demo_people(&self) -> Option<Vec<(String, String)>>;
    /// Whether the server was started with an operator's token, which signs in too.
    fn token_sign_in(&self) -> bool;
    /// The name of the provider that people can sign in with.
    fn provider(&self) -> Option<String>;
}
