//! Targets on real folders and with real programs.

mod command;
mod configured;
mod directory;

use std::{fs, io::Write, path::Path, sync::Arc};

use axum::body::Bytes;
use backstep_domain::{BundleDigest, DeployNumber, DeploymentId, ImageRef, Millis, StepKind};
use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::{bundles::Bundles, clock::FixedClock};

pub(crate) fn digest_of(c: char) -> String {
    c.to_string().repeat(64)
}

pub(crate) fn input(step: StepKind, bundle: Option<&BundleDigest>, image: Option<&str>) -> StepInput {
    StepInput {
        step,
        deployment: DeploymentId::new("dep-1"),
        deployment_name: "analytics-prod".to_owned(),
        number: DeployNumber::new(57).unwrap(),
        image: image.map(|image| image.parse::<ImageRef>().unwrap()),
        bundle: bundle.cloned(),
    }
}

pub(crate) fn log() -> (StepLog, impl FnMut() -> Vec<String>) {
    let (log, mut lines) = StepLog::new(Arc::new(FixedClock::at(Millis(1_000))));
    let read = move || {
        let mut texts = Vec::new();
        while let Ok((_, text)) = lines.try_recv() {
            texts.push(text);
        }
        texts
    };
    (log, read)
}

/// Packs and admits files as a DAG bundle.
pub(crate) async fn bundle(bundles: &Bundles, files: &[(&str, &str)]) -> BundleDigest {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    let packed = Bytes::from(tar.into_inner().unwrap().finish().unwrap());
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>(packed)]);
    let staged = bundles.receive(chunks, None).await.unwrap();
    bundles.admit(staged).await.unwrap().0
}

/// A Python program of this text; its path and arguments.
pub(crate) fn program(folder: &Path, text: &str) -> Vec<String> {
    let path = folder.join("program.py");
    let mut file = fs::File::create(&path).unwrap();
    writeln!(file, "import json, os, sys, time\nrequest = json.loads(sys.stdin.readline())\n{text}").unwrap();
    let python = if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    vec![python.to_owned(), "-S".to_owned(), path.display().to_string()]
}
