use clap::Args;

use super::{Exit, Failure, api::print_text};

/// Print the OpenAPI document of the REST API.
#[derive(Debug, Args)]
pub struct Openapi {}

impl Openapi {
    pub fn run(self) -> Result<Exit, Failure> {
        print_text(crate::http::api::document().trim_end());
        Ok(Exit::Done)
    }
}
