//! `backstep serve`: the server.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use backstep_domain::Catalogue;
use clap::Args;
use rand::RngCore;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{installation::Installation, listening::Listening};
use crate::{
    audit::{CheckpointKey, Sealer},
    auth::{self, AdminToken, Auth, Passwords, SessionRules, oidc::Oidc},
    bundles::Bundles,
    changes::{Bridge, Changes},
    clock::{Clock, SharedClock, SystemClock, TimeOrderedIds},
    config::{self, Config},
    demo,
    export::{Exporter, Pace as ExportPace},
    http::{Assets, HttpState, metrics_router, router},
    key_file::key_file,
    log::{self, LogFormat},
    metrics::Metrics,
    pace::Pace,
    roles_file,
    rollout::{CrashPoint, Engine},
    store::Store,
    targets::TargetSet,
    usecases::{Context, UseCases},
};

/// Start the server.
///
/// At the first start it prints a one-time link to make the first administrator (`backstep admin create` does the same
/// on the command line). A token in BACKSTEP_ADMIN_TOKEN may do everything too: for the first steps, and for emergencies.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    listening: Listening,
    /// Fill an empty data folder with three Deployments and sign everybody in as a demo person. Loopback only.
    #[arg(long)]
    demo: bool,
    /// The web part's folder, for development; a released binary carries it inside.
    #[arg(long, env = "BACKSTEP_SITE", value_name = "FOLDER", hide = true)]
    site: Option<PathBuf>,
}

/// What is older in the scratch of a data folder that several servers share is nobody's any more.
const SPARE_SCRATCH: Duration = Duration::from_secs(24 * 3600);
/// How long a stop waits for requests that are under way.
const STOP_WITHIN: Duration = Duration::from_secs(20);

impl Serve {
    /// Serves, and says why it could not.
    pub async fn report(self) -> ExitCode {
        let config = self.installation.config();
        let format = self.listening.log_format(config.as_ref().ok());
        log::start(format);
        let ended = match config {
            Ok(config) => self.run(config, format).await,
            Err(error) => Err(error.into()),
        };
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                match format {
                    LogFormat::Text => eprintln!("backstep serve: {error:#}"),
                    LogFormat::Json => tracing::error!("{error:#}"),
                }
                ExitCode::FAILURE
            }
        }
    }

    async fn run(self, mut config: Config, format: LogFormat) -> anyhow::Result<()> {
        let listen = self.listening.listen(&config);
        if self.demo && !listen.ip().is_loopback() {
            bail!("the demo lets everybody in, so it listens on loopback only; use --listen 127.0.0.1:PORT");
        }
        let data = self.installation.data(&config);
        std::fs::create_dir_all(&data).with_context(|| format!("the data folder {} cannot be made", data.display()))?;
        let data = data.canonicalize()?;
        if let Some(problem) = config::wire(&config, listen) {
            bail!(problem);
        }
        if self.demo {
            demo::add_targets(&mut config, &data)?;
        }
        let database = self.installation.database(&config, &data);

        let assets = Arc::new(Assets::load(self.site.as_deref())?);
        let store = Store::open(&database).await.context("the database cannot be used")?;
        let shutdown = CancellationToken::new();
        let owner = owner();
        let usecases = self.use_cases(&config, &data, store.clone(), &owner).await?;
        if self.demo {
            demo::fill(&usecases, &data).await.context("the demo could not be set up")?;
        }
        let auth = self.authentication(&config, &usecases)?;
        auth.ensure_operator().await?;

        let exporter = exporter(&config, &usecases, &owner).await?;

        let origins = config.embed.allowed_origins.iter().map(|o| o.parse());
        let embed_origins: Vec<_> = origins.collect::<Result<_, _>>().context("[embed] allowed_origins")?;
        let state = HttpState {
            usecases: usecases.clone(),
            auth: auth.clone(),
            assets,
            embed_origins: embed_origins.into(),
            trusted_proxies: config.server.trusted_proxies.clone().into(),
            data: data.as_path().into(),
            shutdown: shutdown.clone(),
        };
        let listener = TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be listened on"))?;
        let metrics = self.metrics(&config, state.clone()).await?;
        let engine = tokio::spawn({
            let (usecases, shutdown) = (usecases.clone(), shutdown.clone());
            async move { usecases.engine.run(shutdown).await }
        });
        let bridge = tokio::spawn({
            let bridge = Bridge::new(usecases.changes.clone(), owner);
            let (store, shutdown) = (store.clone(), shutdown.clone());
            async move { bridge.run(&store, shutdown).await }
        });
        let sealing = CancellationToken::new();
        let sealer = tokio::spawn({
            let (sealer, stop) = (usecases.sealer.clone(), sealing.clone());
            async move { sealer.run(stop).await }
        });
        let exporting = CancellationToken::new();
        let export = exporter.map(|exporter| {
            let stop = exporting.clone();
            tokio::spawn(async move { exporter.run(stop).await })
        });
        let housekeeping = tokio::spawn(keep_house(usecases, shutdown.clone()));
        let address = listener.local_addr()?;
        log::announce(format, &format!("Backstep listens on http://{address}"));
        if self.demo {
            log::announce(format, &demo::greeting(&data).to_string());
        } else if let Some(path) = auth.set_up_link().await? {
            let url = config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
            let link =
                format!("There is no administrator yet. Open this link within an hour to become it:\n  {url}{path}");
            log::announce(format, &link);
        }
        let drain = self.listening.drain(&config);
        serve_until_stopped(listener, router(state), shutdown.clone(), drain).await?;
        engine.await.context("the rollout engine broke off")?;
        bridge.await.context("the bridge to the other servers broke off")?;
        housekeeping.abort();
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        // Only now is nothing written any more.
        sealing.cancel();
        sealer.await.context("the sealing of the audit log broke off")?;
        exporting.cancel();
        if let Some(export) = export {
            export.await.context("the export of log lines broke off")?;
        }
        store.close().await;
        Ok(())
    }

    /// Serves what is counted, if a port is given for it.
    async fn metrics(
        &self,
        config: &Config,
        state: HttpState,
    ) -> anyhow::Result<Option<JoinHandle<std::io::Result<()>>>> {
        let Some(listen) = self.listening.metrics_listen(config) else { return Ok(None) };
        let listener = TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("{listen} cannot be listened on for metrics"))?;
        tracing::info!(address = %listener.local_addr()?, "metrics are served");
        Ok(Some(tokio::spawn(async move { axum::serve(listener, metrics_router(state)).await })))
    }

    fn authentication(&self, config: &Config, usecases: &UseCases) -> anyhow::Result<Auth> {
        let hours = |hours: u16| i64::from(hours) * backstep_domain::HOUR;
        Ok(Auth::new(auth::Parts {
            store: usecases.store.clone(),
            clock: usecases.clock.clone(),
            ids: usecases.ids.clone(),
            roles: usecases.roles.clone(),
            passwords: usecases.passwords.clone(),
            turns: Default::default(),
            rules: SessionRules {
                idle_ms: hours(config.sign_in.idle_hours),
                absolute_ms: hours(config.sign_in.absolute_hours),
                secure: config.server.public_url.as_ref().is_some_and(|url| url.starts_with("https://")),
            },
            operator: if self.demo { None } else { operator_token()? },
            provider: provider(config, usecases)?,
            demo: self.demo,
            metrics: usecases.metrics.clone(),
        }))
    }

    async fn use_cases(
        &self,
        config: &Config,
        data: &std::path::Path,
        store: Store,
        owner: &str,
    ) -> anyhow::Result<UseCases> {
        let catalogue = match &config.runtimes {
            None => Catalogue::built_in(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("the Runtime catalogue {} cannot be read", path.display()))?;
                Catalogue::from_json(&text).with_context(|| format!("the Runtime catalogue {}", path.display()))?
            }
        };
        let demo_roles = if self.demo { auth::demo_roles() } else { BTreeMap::new() };
        let roles = roles_file::read(config.access.roles.as_deref(), demo_roles)?;
        let clock = clock(&store).await?;
        let bundles = Bundles::local(data).context("the bundle store cannot be used")?;
        bundles.clear_scratch(if store.is_exclusive() { Duration::ZERO } else { SPARE_SCRATCH })?;
        let changes = Changes::default();
        let targets =
            TargetSet::from_config(&config.targets, data, bundles.clone(), key_file(&data.join("settings.key"))?)?;
        let sealer = Sealer::new(store.clone(), CheckpointKey::of(data)?, clock.clone());
        let metrics = Metrics::default();
        let engine = Engine::new(
            store.clone(),
            bundles.clone(),
            targets.clone(),
            clock.clone(),
            changes.clone(),
            config.policy(),
            owner.to_owned(),
        )
        .with(config.rollout.limits(), CrashPoint::from_env(), metrics.clone());
        Ok(UseCases::new(Context {
            store,
            bundles,
            targets,
            engine,
            sealer,
            changes,
            clock,
            ids: Arc::new(TimeOrderedIds),
            policy: config.policy(),
            catalogue,
            roles: Arc::new(roles),
            passwords: Passwords::default(),
            rollback_pace: Pace::per_minute(config.policy.rollback_requests_per_minute),
            metrics,
        }))
    }
}

/// The operator's token, if one is set; a weak one is refused.
fn operator_token() -> anyhow::Result<Option<AdminToken>> {
    let token = std::env::var("BACKSTEP_ADMIN_TOKEN").ok();
    Ok(token.map(|token| AdminToken::new(token.trim())).transpose()?)
}

/// The provider that people sign in with. It is not called yet: it may be away while this server starts.
fn provider(config: &Config, usecases: &UseCases) -> anyhow::Result<Option<Oidc>> {
    let Some(oidc) = &config.oidc else { return Ok(None) };
    let settings = oidc.settings(config.server.public_url.as_deref())?;
    settings.check_roles(&usecases.roles)?;
    Ok(Some(Oidc::new(settings, usecases.store.clone(), usecases.clock.clone())?))
}

/// What sends log lines elsewhere, if that is configured. The outbox is filled only then.
async fn exporter(config: &Config, usecases: &UseCases, owner: &str) -> anyhow::Result<Option<Exporter>> {
    let store = usecases.store.clone();
    let Some(elasticsearch) = &config.export.elasticsearch else {
        store.set_export(None).await?;
        return Ok(None);
    };
    let settings = elasticsearch.settings()?;
    store.set_export(Some((&settings.address, &settings.index.to_string()))).await?;
    Ok(Some(Exporter::new(store, usecases.clock.clone(), owner.to_owned(), settings, ExportPace::default())?))
}

/// The machine's clock; the database's, where several servers share it.
async fn clock(store: &Store) -> anyhow::Result<Arc<dyn Clock>> {
    const COMPARE_EVERY: Duration = Duration::from_secs(10);
    let Some(now) = store.time().await? else { return Ok(Arc::new(SystemClock)) };
    let clock = Arc::new(SharedClock::at(now));
    let (compared, store) = (clock.clone(), store.clone());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(COMPARE_EVERY).await;
            // While the database does not answer, the steady clock goes on.
            if let Ok(Some(now)) = store.time().await {
                compared.set(now);
            }
        }
    });
    Ok(clock)
}

/// Names this process in leases.
fn owner() -> String {
    let mut bytes = [0u8; 8];
    rand::rng().fill_bytes(&mut bytes);
    format!("{}-{}", std::process::id(), hex::encode(bytes))
}

/// Closes old uploads and sweeps what is over, every minute.
async fn keep_house(usecases: UseCases, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        if let Err(problem) = usecases.close_old_uploads().await {
            tracing::error!(%problem, "old uploads could not be closed");
        }
        let now = usecases.clock.now();
        if let Err(error) = usecases.store.sweep(now).await {
            tracing::error!(%error, "what is over could not be swept");
        }
    }
}

/// Serves until SIGTERM or Ctrl+C; the event streams end first, for they would never end by themselves.
async fn serve_until_stopped(
    listener: TcpListener,
    router: axum::Router,
    shutdown: CancellationToken,
    drain: Duration,
) -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let stop = {
        let shutdown = shutdown.clone();
        async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            tracing::info!("stopping");
            shutdown.cancel();
            tokio::time::sleep(drain).await;
        }
    };
    let serving =
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(stop);
    let too_long = async {
        shutdown.cancelled().await;
        tokio::time::sleep(drain + STOP_WITHIN).await;
    };
    tokio::select! {
        served = serving => served?,
        () = too_long => tracing::warn!("some requests did not end in time and were broken off"),
    }
    Ok(())
}
