//! One after the other, for whatever has the same name. Within this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

/// Who waits for whom, by name.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    names: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Turns {
    /// Waits until nobody else has any of the names; they are held until the answer is dropped. The kinds of names come in
    /// the same order everywhere, or two could wait for each other.
    pub async fn of<const N: usize>(&self, names: [&str; N]) -> Vec<OwnedMutexGuard<()>> {
        let mut held = Vec::with_capacity(N);
        for (kind, name) in names.into_iter().enumerate() {
            held.push(self.turn(format!("{kind} {name}")).lock_owned().await);
        }
        held
    }

    fn turn(&self, name: String) -> Arc<tokio::sync::Mutex<()>> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|_, turn| Arc::strong_count(turn) > 1);
        names.entry(name).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_same_name_waits_and_another_does_not() {
        let turns = Turns::default();
        let held = turns.of(["ada", "192.0.2.1"]).await;
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, turns.of(["ada", "192.0.2.2"])).await.is_err());
        assert!(tokio::time::timeout(soon, turns.of(["eve", "192.0.2.1"])).await.is_err());
        assert!(tokio::time::timeout(soon, turns.of(["eve", "192.0.2.2"])).await.is_ok());
        drop(held);
        assert!(tokio::time::timeout(soon, turns.of(["ada", "192.0.2.1"])).await.is_ok());
    }
}
