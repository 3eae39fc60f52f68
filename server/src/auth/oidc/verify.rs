//! Whether an ID token is what it should be (OpenID Connect Core 1.0, section 3.1.3.7).

use backstep_domain::{MINUTE, Millis};
use chrono::{DateTime, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenVerifier, Nonce,
    SignatureVerificationError,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm},
};

use super::{
    error::{IdTokenFault, OidcError},
    flow::Flow,
    types::{Claims, Metadata, Token},
};

/// How far the provider's clock may be off.
const LEEWAY_MS: i64 = MINUTE;

/// How long before the sign-in began its token may have been issued: some providers date tokens five minutes back.
const BACKDATED_MS: i64 = 10 * MINUTE;

/// `none` and the shared-secret algorithms are never accepted, whatever the provider announces.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What an ID token must fit to.
pub struct Expected<'a> {
    pub metadata: &'a Metadata,
    pub client_id: &'a ClientId,
    pub flow: &'a Flow,
    /// The one that came with it.
    pub access_token: &'a AccessToken,
    pub now: Millis,
}

impl Expected<'_> {
    /// The token's claims, if it is right in every respect.
    ///
    /// # Errors
    /// Its fault; `IdTokenFault::Key` may go away with newer keys.
    pub fn claims<'t>(&self, token: &'t Token) -> Result<&'t Claims, OidcError> {
        let not_after = date(self.now.minus(LEEWAY_MS));
        let verifier = IdTokenVerifier::new_public_client(
            self.client_id.clone(),
            self.metadata.issuer().clone(),
            self.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || not_after);
        let nonce = Nonce::new(self.flow.nonce.clone());
        let claims = token.claims(&verifier, &nonce).map_err(refused)?;
        self.check_party(claims)?;
        self.check_time(claims)?;
        self.check_access_token(token, claims, &verifier)?;
        // A subject is at most 255 ASCII characters (section 2).
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > 255 || !subject.is_ascii() {
            return Err(IdTokenFault::Subject.with("`sub` is empty, too long or not ASCII"));
        }
        Ok(claims)
    }

    /// openidconnect leaves `azp` to its caller.
    fn check_party(&self, claims: &Claims) -> Result<(), OidcError> {
        match claims.authorized_party() {
            Some(party) if party != self.client_id => Err(IdTokenFault::Audience.with(format!("azp is {party:?}"))),
            _ => Ok(()),
        }
    }

    fn check_time(&self, claims: &Claims) -> Result<(), OidcError> {
        let (now, begun) = (self.now.0, self.flow.begun_at.0);
        let issued = claims.issue_time().timestamp_millis();
        if issued > now + LEEWAY_MS {
            return Err(IdTokenFault::IssuedAt.with(format!("iat is {} s from now", (issued - now) / 1000)));
        }
        if issued < begun - BACKDATED_MS {
            let before = (begun - issued) / 1000;
            return Err(IdTokenFault::IssuedAt.with(format!("iat is {before} s before the sign-in began")));
        }
        let not_before = claims.additional_claims().0.get("nbf").and_then(serde_json::Value::as_i64);
        match not_before {
            Some(seconds) if seconds.saturating_mul(1000) > now + LEEWAY_MS => {
                Err(IdTokenFault::IssuedAt.with("nbf is in the future"))
            }
            _ => Ok(()),
        }
    }

    fn check_access_token(
        &self,
        token: &Token,
        claims: &Claims,
        verifier: &IdTokenVerifier<'_, CoreJsonWebKey>,
    ) -> Result<(), OidcError> {
        let Some(hash) = claims.access_token_hash() else { return Ok(()) };
        let algorithm = token.signing_alg().map_err(|e| IdTokenFault::Algorithm.with(e.to_string()))?;
        let key = token.signing_key(verifier).map_err(|e| IdTokenFault::Key.with(e.to_string()))?;
        let actual = AccessTokenHash::from_token(self.access_token, algorithm, key)
            .map_err(|e| IdTokenFault::AccessToken.with(e.to_string()))?;
        if actual == *hash { Ok(()) } else { Err(IdTokenFault::AccessToken.with("at_hash differs")) }
    }
}

fn date(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).expect("the clock shows a year below 262000")
}

fn refused(error: ClaimsVerificationError) -> OidcError {
    use ClaimsVerificationError as Claim;
    use SignatureVerificationError as Signature;
    let fault = match &error {
        Claim::Expired(_) => IdTokenFault::Expired,
        Claim::InvalidAudience(_) => IdTokenFault::Audience,
        Claim::InvalidIssuer(_) => IdTokenFault::Issuer,
        Claim::InvalidNonce(_) => IdTokenFault::Nonce,
        Claim::InvalidSubject(_) => IdTokenFault::Subject,
        Claim::SignatureVerification(
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_) | Signature::NoSignature,
        ) => IdTokenFault::Algorithm,
        Claim::SignatureVerification(
            Signature::NoMatchingKey | Signature::AmbiguousKeyId(_) | Signature::InvalidKey(_),
        ) => IdTokenFault::Key,
        Claim::SignatureVerification(_) => IdTokenFault::Signature,
        _ => IdTokenFault::Form,
    };
    let detail = match &error {
        Claim::SignatureVerification(signature) => signature.to_string(),
        _ => error.to_string(),
    };
    fault.with(detail)
}
