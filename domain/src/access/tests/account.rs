use super::super::*;
use crate::{DAY, HOUR, Millis};

fn token(expires_at: Millis, revoked_at: Option<Millis>) -> ApiToken {
    ApiToken {
        id: TokenId::new("t"),
        account: AccountId::new("a"),
        kind: TokenKind::Service,
        name: "ci".to_owned(),
        hint: "bss_...wxyz".to_owned(),
        limit: TokenLimit::default(),
        created_at: Millis(0),
        expires_at,
        revoked_at,
        last_used_at: None,
    }
}

#[test]
fn a_token_says_whether_it_still_counts() {
    let now = Millis(400 * DAY);
    for (expires, revoked, expected) in [
        (now.plus(8 * DAY), None, TokenState::Active),
        (now.plus(7 * DAY), None, TokenState::ExpiresSoon),
        (now.plus(1), None, TokenState::ExpiresSoon),
        (now, None, TokenState::Expired),
        (now.plus(90 * DAY), Some(now), TokenState::Revoked),
        (now.plus(90 * DAY), Some(now.plus(HOUR)), TokenState::Ending),
        (now.minus(DAY), Some(now.minus(2 * DAY)), TokenState::Revoked),
    ] {
        assert_eq!(token(expires, revoked).state(now), expected, "{expires:?} {revoked:?}");
    }
}

#[test]
fn a_subject_is_read_as_it_is_written() {
    for subject in [Subject::Account(AccountId::new("demo:admin")), Subject::Team(TeamId::new("0192"))] {
        assert_eq!(subject.to_string().parse(), Ok(subject));
    }
    for no in ["", "account:", "team", "role:x", ":x"] {
        assert_eq!(no.parse::<Subject>(), Err(BadSubject), "{no}");
    }
}

#[test]
fn every_permission_says_what_it_is_for_and_where() {
    for permission in Permission::ALL {
        assert!(permission.meaning().ends_with('.'), "{permission}");
        assert!(permission.as_str().starts_with(&format!("{}.", permission.level())), "{permission}");
    }
    assert_eq!(Permission::ImagesPush.meaning(), "Record an image deploy; roll back the image.");
}
