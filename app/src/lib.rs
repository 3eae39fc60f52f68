//! The interface: pages, components, the server functions they read and write through, and the ports behind those.
//!
//! Only `pages` and `app` know the router; `components` are used by the embedded panel too.

#![recursion_limit = "256"]

#[cfg(not(erase_components))]
compile_error!(
    "build with `--cfg erase_components`, as .cargo/config.toml says: a RUSTFLAGS in the environment replaces that file's"
);

pub mod api;
mod app;
#[cfg(feature = "ssr")]
pub mod assets;
pub mod components;
pub mod now;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod ports;
pub mod words;

pub use app::*;
