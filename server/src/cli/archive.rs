//! The folder of DAG files on its way to the server.

use std::path::Path;

use futures::StreamExt;
use indicatif::ProgressBar;
use tokio_util::io::ReaderStream;

use super::{Failure, api::Api, terminal::progress_bar};
use crate::{
    bundles::{self, Limits, Packed},
    http::api::{content_digest_value, dto},
};

/// Packs the folder. What the server would refuse is refused here already.
pub async fn pack(dir: &Path) -> Result<Packed, Failure> {
    let dir = dir.to_owned();
    let packed = tokio::task::spawn_blocking(move || bundles::pack(&dir, &Limits::default())).await;
    packed.expect("packing does not panic").map_err(|error| Failure::failed(error.to_string()))
}

/// Streams the archive to the server, with a progress bar on a terminal.
pub async fn upload(api: &Api, address: &str, packed: &Packed) -> Result<dto::UploadedDags, Failure> {
    let again = |error: std::io::Error| Failure::failed(format!("The packed archive cannot be read again: {error}."));
    let file = packed.file.reopen().map_err(again)?;
    let bar = progress(packed.bytes);
    let counted = bar.clone();
    let chunks = ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 * 1024).inspect(move |chunk| {
        counted.inc(chunk.as_ref().map_or(0, |bytes| bytes.len() as u64));
    });
    let digest = content_digest_value(packed.digest.hex()).expect("a digest is 64 hexadecimal digits");
    let uploaded = api.put_archive(address, &digest, packed.bytes, reqwest::Body::wrap_stream(chunks)).await;
    bar.finish_and_clear();
    uploaded
}

fn progress(bytes: u64) -> ProgressBar {
    let bar = progress_bar();
    bar.set_length(bytes);
    bar.set_message("Uploading");
    bar
}
