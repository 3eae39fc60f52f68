//! A secret that this document was sent with.

use leptos::prelude::use_context;

use crate::api::{Once, ShownOnce};

/// What the document shows this once.
pub fn sent_along() -> Option<Once> {
    use_context::<ShownOnce>().map(|shown| shown.what)
}
