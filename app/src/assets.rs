//! Where the built files of the interface are; their names carry a hash of their content.

/// The server provides it as a context to every page. URLs, as the browser asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    pub css: String,
    /// The module that hydrates a live page, `start.js`.
    pub start: String,
    /// The module of every other page, `document.js`.
    pub document: String,
    pub wasm: String,
}
