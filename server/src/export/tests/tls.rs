//! A cluster behind https: its certificate has to come from somebody who is trusted.

use std::fs;

use super::{
    elastic::{Elastic, Rules},
    world::*,
};
use crate::{auth::oidc::tests::tls::serve, store::tests::database::on_sqlite};

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_and_no_other() {
    on_sqlite(async |db| {
        let store = exporting(db).await;
        rollout(&store, "prod").await;
        let elastic = Elastic::new(Rules::default());
        let (address, authority) = serve("127.0.0.1", |_| elastic.router()).await;
        let (_, anothers) = serve("127.0.0.1", |_| elastic.router()).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authority.pem");
        let with = format!("ca_file = '{}'", file.display());
        for wrong in [None, Some(anothers)] {
            let more = wrong.map(|pem| {
                fs::write(&file, pem).unwrap();
                with.as_str()
            });
            store.execute("update export_state set last_error = null").await.unwrap();
            let exporter = Running::start(&store, "one", settings(&address, more.unwrap_or_default()));
            let status = until(&store, |status| status.last_error.is_some()).await;
            exporter.stop().await;
            let error = status.last_error.unwrap().to_lowercase();
            assert!(error.contains("certificate") && status.waiting == 2, "{error}");
        }
        assert!(elastic.seen.lock().unwrap().requests.is_empty());
        fs::write(&file, authority).unwrap();
        let exporter = Running::start(&store, "one", settings(&address, &with));
        assert_eq!(drained(&store).await.sent, 2);
        exporter.stop().await;
    })
    .await;
}
