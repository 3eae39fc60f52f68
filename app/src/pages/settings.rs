use backstep_domain::{SettingChange, SettingsView};
use leptos::prelude::*;
use leptos_meta::Title;
use server_fn::ServerFn;

use super::{Crumbs, Loading, Trouble, deployment_in_path, recalled, refused_form};
use crate::{
    api::{Failure, KeptForm, SwitchRollback, UpdateSettings, get_settings},
    components::{SendForm, Sending, When, deployment_access_href, deployment_href},
    words::{author_name, mechanism_label, shown},
};

/// `/deployments/{id}/settings`: name, description, the switch **Rollback Deploy**, and what a rollback keeps.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let id = deployment_in_path();
    let form = refused_form();
    let update = Sending::to(UpdateSettings::PATH);
    let switch = Sending::to(SwitchRollback::PATH);
    let found = Resource::new(
        move || (id.get(), form.get(), update.version.get(), switch.version.get()),
        |(id, form, ..)| async move {
            let kept = recalled(form).await;
            Ok::<_, Failure>((get_settings(id).await?, kept))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let (view, kept) = match found.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                };
                let name = view.deployment.name.clone();
                let id = view.deployment.id.clone();
                let read_only = (!view.may_update).then(|| {
                    view! {
                        <p class="note">
                            "You may read these settings, not change them. That needs the permission "
                            <code>"deployment.config.update"</code>"."
                        </p>
                    }
                });
                view! {
                    <Title text=format!("Settings of {}", shown(&name))/>
                    <Crumbs above=vec![(name, deployment_href(&id))] here="Settings"/>
                    <div class="head">
                        <h1>"Settings"</h1>
                        <nav class="head__links" aria-label="Of this Deployment">
                            <a class="button" href=deployment_access_href(&view.deployment.id) rel="external">"Access"</a>
                        </nav>
                    </div>
                    {read_only}
                    <Naming view=view.clone() action=update kept=kept.clone()/>
                    <Switch view=view.clone() action=switch kept=kept/>
                    <KeptSettings view=view.clone()/>
                    <Recorded changes=view.changes/>
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Naming(view: SettingsView, action: Sending, kept: Option<KeptForm>) -> impl IntoView {
    let deployment = view.deployment;
    let kept = kept.filter(|form| form.action == "/ui/update-settings");
    let typed =
        |name: &str, now: &str| kept.as_ref().map_or(now, |form| form.field(name).unwrap_or_default()).to_owned();
    let (name, description) = (typed("name", &deployment.name), typed("description", &deployment.description));
    let pending = action.pending;
    let saved =
        move || matches!(action.ended.get(), Some(Ok(_))).then(|| view! { <span class="saved">"Saved."</span> });
    let off = !view.may_update;
    let send = (!off).then(|| {
        view! {
            <div class="row">
                <button type="submit" class="button button--primary" disabled=move || pending.get()>
                    "Save name and description"
                </button>
                <span role="status">{saved}</span>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="naming-title">
            <h2 id="naming-title">"General"</h2>
            {action.problem(kept.map(|form| form.problem))}
            <SendForm form=action>
                <input type="hidden" name="id" value=deployment.id.to_string()/>
                <div class="field">
                    <label for="name">"Name"</label>
                    <input id="name" name="name" type="text" required maxlength="100" readonly=off value=name autocomplete="off"/>
                    <p class="help">"Unique in its Workspace. Whoever confirms a loss of data types it."</p>
                </div>
                <div class="field">
                    <label for="description">"Description"</label>
                    <input id="description" name="description" type="text" maxlength="500" readonly=off value=description autocomplete="off"/>
                </div>
                {send}
            </SendForm>
            <dl class="facts">
                <div><dt>"Mechanism"</dt><dd>{mechanism_label(deployment.mechanism)}</dd></div>
                <div>
                    <dt>"Target for images"</dt>
                    <dd>{deployment.image_target.as_deref().map_or_else(|| "none".to_owned(), shown)}</dd>
                </div>
                <div>
                    <dt>"Target for DAGs"</dt>
                    <dd>{deployment.dags_target.as_deref().map_or_else(|| "none".to_owned(), shown)}</dd>
                </div>
            </dl>
            <p class="help">"Targets are defined in the server's configuration file only. The mechanism changes with a deploy."</p>
        </section>
    }
    .into_any()
}

/// The switch **Rollback Deploy**. What it means is said before it is switched, either way.
#[component]
fn Switch(view: SettingsView, action: Sending, kept: Option<KeptForm>) -> impl IntoView {
    let on = view.deployment.rollback_enabled;
    let problem = kept.filter(|form| form.action == "/ui/switch-rollback").map(|form| form.problem);
    let refused = problem.is_some();
    let pending = action.pending;
    let days = view.window_days;
    let (state, ask, warning) = if on {
        (
            "On",
            "Switch Rollback Deploy off…",
            "Nobody can roll this Deployment back any more, also not in an emergency, until it is switched on again. A rollback that is running is finished. The history stays, and artifacts are kept as before.".to_owned(),
        )
    } else {
        (
            "Off",
            "Switch Rollback Deploy on…",
            format!(
                "Everybody who may deploy the image or the DAGs here may then roll them back to a deploy of the last {days} days. A rollback changes what runs at once. It does not bring back environment variables, resources or any other setting."
            ),
        )
    };
    let not_here = (!view.rollback_allowed_here).then(|| {
        view! {
            <p class="note">
                "Rollbacks are switched off for this installation, so this switch has no effect until its administrator allows them."
            </p>
        }
    });
    let form = view.may_update.then(|| {
        view! {
            <details class="fold" open=refused>
                <summary>{ask}</summary>
                <div class="warning">
                    <p>{warning}</p>
                    <p>"The change is recorded with your name."</p>
                    <SendForm form=action>
                        <input type="hidden" name="id" value=view.deployment.id.to_string()/>
                        <input type="hidden" name="enabled" value=if on { "false" } else { "true" }/>
                        <button type="submit" class="button button--primary" disabled=move || pending.get()>
                            {if on { "Switch Rollback Deploy off" } else { "Switch Rollback Deploy on" }}
                        </button>
                    </SendForm>
                </div>
            </details>
        }
    });
    view! {
        <section class="card" aria-labelledby="switch-title">
            <h2 id="switch-title">"Rollback Deploy"</h2>
            <p>
                <b class="switch" class:switch--on=on>{state}</b>
                {if on { ": deploys of this Deployment can be rolled back." } else { ": deploys of this Deployment cannot be rolled back." }}
            </p>
            {not_here}
            {action.problem(problem)}
            {form}
        </section>
    }
    .into_any()
}

#[component]
fn KeptSettings(view: SettingsView) -> impl IntoView {
    let body = match view.kept {
        None => view! { <p class="muted">"The target cannot tell which settings it has."</p> }.into_any(),
        Some(names) if names.is_empty() => view! { <p class="muted">"The target has none."</p> }.into_any(),
        Some(names) => {
            let names = names.iter().map(|name| view! { <li><code>{shown(name)}</code></li> }).collect_view();
            view! { <ul class="names">{names}</ul> }.into_any()
        }
    };
    view! {
        <section class="card" aria-labelledby="kept-title">
            <h2 id="kept-title">"Kept settings"</h2>
            <p class="help">
                "These are on the target. No rollback touches them; they are not edited here, and their values are never shown."
            </p>
            {body}
        </section>
    }
    .into_any()
}

#[component]
fn Recorded(changes: Vec<SettingChange>) -> impl IntoView {
    let body = if changes.is_empty() {
        view! { <p class="muted">"No setting was changed yet."</p> }.into_any()
    } else {
        let value = |text: &str| if text.is_empty() { "empty".to_owned() } else { shown(text) };
        let rows = changes
            .into_iter()
            .map(|change| {
                view! {
                    <tr>
                        <td data-label="When"><When at=change.at/></td>
                        <td data-label="By">{author_name(&change.by)}</td>
                        <th scope="row" data-label="Setting">{shown(&change.setting)}</th>
                        <td data-label="Before">{value(&change.old)}</td>
                        <td data-label="After">{value(&change.new)}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <table class="grid grid--changes">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"By"</th>
                        <th scope="col">"Setting"</th>
                        <th scope="col">"Before"</th>
                        <th scope="col">"After"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="recorded-title">
            <h2 id="recorded-title">"Recorded changes"</h2>
            {body}
        </section>
    }
    .into_any()
}
