use clap::Args;

use super::{
    Exit, Failure,
    api::At,
    deploy::{How, Parts, record},
};

/// Record what a Deployment runs already as deploy #1; nothing is rolled out.
#[derive(Debug, Args)]
pub struct Adopt {
    #[command(flatten)]
    parts: Parts,
    #[command(flatten)]
    pub(super) at: At,
}

impl Adopt {
    pub async fn run(self) -> Result<Exit, Failure> {
        record(&self.at, self.parts, How { adoption: true, ..How::waiting(true) }).await
    }
}
