//! What the browser brings back from the provider.

use openidconnect::IssuerUrl;

use super::error::OidcError;

/// The query of the callback. Nothing in it can be trusted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Callback {
    state: Option<String>,
    code: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
    description: Option<String>,
}

/// Longer than any code or state.
const LONGEST: usize = 4096;

impl Callback {
    /// # Errors
    /// A parameter that is there twice: two readers could see two different ones (RFC 6749 section 3.1).
    pub fn parse(query: &str) -> Result<Self, OidcError> {
        let mut callback = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut callback.state,
                "code" => &mut callback.code,
                "iss" => &mut callback.issuer,
                "error" => &mut callback.error,
                "error_description" => &mut callback.description,
                _ => continue,
            };
            if slot.is_some() {
                return Err(OidcError::Callback("a parameter is there twice"));
            }
            if value.len() > LONGEST {
                return Err(OidcError::Callback("a parameter is too long"));
            }
            *slot = Some(value.into_owned());
        }
        Ok(callback)
    }

    pub fn state(&self) -> Result<&str, OidcError> {
        self.state.as_deref().filter(|s| !s.is_empty()).ok_or(OidcError::Callback("there is no state"))
    }

    /// The code, if it is the asked provider that sent one.
    ///
    /// `always_named`: the provider announced that it names itself in each answer (RFC 9207); then an answer without
    /// the name is another one's.
    pub fn code(&self, asked: &IssuerUrl, always_named: bool) -> Result<&str, OidcError> {
        match &self.issuer {
            Some(issuer) if issuer != asked.as_str() => {
                return Err(OidcError::OtherProvider(format!("the answer says iss={issuer:?}")));
            }
            None if always_named => return Err(OidcError::OtherProvider("the answer has no iss".to_owned())),
            _ => {}
        }
        match self.error.as_deref() {
            Some("access_denied") => return Err(OidcError::Denied),
            Some(error) => {
                let description = self.description.as_deref().unwrap_or_default();
                return Err(OidcError::ProviderError(format!("{error:?} {description:?}")));
            }
            None => {}
        }
        self.code.as_deref().filter(|c| !c.is_empty()).ok_or(OidcError::Callback("there is no code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example";

    fn code(query: &str, always_named: bool) -> Result<String, &'static str> {
        let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
        let callback = Callback::parse(query).map_err(|e| e.code())?;
        callback.code(&issuer, always_named).map(str::to_owned).map_err(|e| e.code())
    }

    #[test]
    fn a_code_from_the_asked_provider() {
        assert_eq!(code("state=s&code=c", false), Ok("c".to_owned()));
        assert_eq!(code("state=s&code=c&iss=https://login.example&session_state=x", true), Ok("c".to_owned()));
    }

    #[test]
    fn another_provider_is_refused_before_anything_else_is_read() {
        assert_eq!(code("code=c&iss=https://evil.example", false), Err("other_provider"));
        assert_eq!(code("code=c&iss=https://login.example/", true), Err("other_provider"));
        assert_eq!(code("code=c", true), Err("other_provider"));
        assert_eq!(code("error=access_denied", true), Err("other_provider"));
    }

    #[test]
    fn an_error_is_no_code() {
        assert_eq!(code("error=access_denied&code=c", false), Err("denied"));
        assert_eq!(code("error=server_error&error_description=%0Afake+line", false), Err("provider_error"));
        assert_eq!(code("state=s", false), Err("callback"));
        assert_eq!(code("state=s&code=", false), Err("callback"));
    }

    #[test]
    fn what_comes_twice_or_too_long_is_refused() {
        assert_eq!(code("code=c&code=d", false), Err("callback"));
        assert_eq!(code(&format!("code={}", "x".repeat(5000)), false), Err("callback"));
        assert!(Callback::parse("code=c").unwrap().state().is_err());
    }

    #[test]
    fn line_breaks_do_not_reach_the_log() {
        let callback = Callback::parse("error=x%0Ay").unwrap();
        let error = callback.code(&IssuerUrl::new(ISSUER.to_owned()).unwrap(), false).unwrap_err();
        assert!(!error.detail().contains('\n'));
    }
}
