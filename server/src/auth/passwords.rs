//! Passwords: Argon2id, hashed off the request threads, no more at once than there are cores, and few in the queue.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use backstep_domain::{Problem, ProblemCode};
use tokio::sync::Semaphore;

/// Shorter ones are guessed; the upper bound keeps hashing cheap (OWASP ASVS 5.0, 6.2.1 and 6.2.9).
const SHORTEST: usize = 12;
const LONGEST: usize = 128;

/// Passwords in work and waiting, at most. Whoever comes beyond is asked to come again: each costs tens of milliseconds of a
/// core, and a flood must not hold everybody up for minutes.
const QUEUE: usize = 64;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cores: Arc::new(Semaphore::new(cores)), places: Arc::new(Semaphore::new(QUEUE)) }
    }
}

impl Passwords {
    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// A password that is too short or too long; too many at once.
    pub async fn hash(&self, password: &str) -> Result<String, Problem> {
        check(password)?;
        let password = password.to_owned();
        self.work(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).ok())
            .await?
            .ok_or_else(|| Problem::new(ProblemCode::Internal, "The password could not be hashed. Try again."))
    }

    /// Whether it is the password. Without a hash the work is done all the same, so that the time does not tell which
    /// logins exist.
    ///
    /// # Errors
    /// Too many at once; nothing was looked at.
    pub async fn matches(&self, password: &str, hash: Option<&str>) -> Result<bool, Problem> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(NOBODYS).to_owned();
        let password: String = password.chars().take(LONGEST).collect();
        let matches = self
            .work(move || {
                let hash = PasswordHash::new(&hash).ok()?;
                Argon2::default().verify_password(password.as_bytes(), &hash).ok()
            })
            .await?;
        Ok(known && matches.is_some())
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| too_many())?;
        let core = self.cores.clone().acquire_owned().await.expect("nobody closes the semaphore");
        let done = tokio::task::spawn_blocking(move || {
            // Both until the work is done, also when the request has gone.
            let _held = (place, core);
            work()
        });
        Ok(done.await.ok().flatten())
    }
}

/// The hash of a password that nobody knows, with the default cost.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YmFja3N0ZXBub2JvZHkwMA$JvHvUuMzk1d7uDMyEzl0rJlgd8EZ7nKbqqHbVAnMv6o";

fn too_many() -> Problem {
    let message =
        "Too many passwords are checked at this moment. Nothing was done; wait a few seconds, then try again.";
    Problem::new(ProblemCode::Unavailable, message)
}

fn check(password: &str) -> Result<(), Problem> {
    let length = password.chars().count();
    if (SHORTEST..=LONGEST).contains(&length) {
        return Ok(());
    }
    Err(Problem::invalid(
        "password",
        format!("A password has {SHORTEST} to {LONGEST} characters; any of them will do."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.matches("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("correct horse batter", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("correct horse battery", None).await.unwrap());
    }

    #[test]
    fn nobodys_hash_can_be_read() {
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }

    #[tokio::test]
    async fn a_flood_is_turned_away_and_harms_nobody_after_it() {
        let passwords = Passwords::default();
        let held: Vec<_> = (0..QUEUE).map(|_| passwords.places.clone().try_acquire_owned().unwrap()).collect();
        let refused = passwords.matches("correct horse battery", None).await.unwrap_err();
        assert_eq!(refused.code, ProblemCode::Unavailable);
        assert_eq!(passwords.hash("correct horse battery").await.unwrap_err().code, ProblemCode::Unavailable);
        drop(held);
        for _ in 0..QUEUE + 1 {
            // Each gives its place back.
            assert_eq!(passwords.work(|| Some(1)).await.unwrap(), Some(1));
        }
    }

    #[tokio::test]
    async fn too_short_and_too_long_are_refused() {
        let passwords = Passwords::default();
        for bad in ["elevenchars", &"x".repeat(129)] {
            assert_eq!(passwords.hash(bad).await.unwrap_err().field.as_deref(), Some("password"));
        }
    }
}
