use backstep_domain::{DeployStatus, DeployView, DeploymentView, Rollout, past_return};
use leptos::prelude::*;
use leptos_meta::Title;
use server_fn::ServerFn;

use super::{Crumbs, Loading, NotFoundPage, Trouble, deploy_in_path, deployment_in_path, recalled, refused_form};
use crate::{
    api::{CancelDeploy, Failure, KeptForm, get_deploy, get_deployment, get_rollout},
    components::{PostForm, Refused, StatusBadge, deploy_href, deployment_href, kept_of, rollback_href, typed},
    words::{sentence, shown},
};

/// `/deployments/{id}/deploys/{n}/cancel`: what cancelling a deploy does, and the button that does it.
#[component]
pub fn CancelPage() -> impl IntoView {
    let (id, number, form) = (deployment_in_path(), deploy_in_path(), refused_form());
    let found = Resource::new(
        move || (id.get(), number.get(), form.get()),
        |(id, number, form)| async move {
            let Some(number) = number else { return Ok(None) };
            let kept = recalled(form).await;
            let deploy = get_deploy(id.clone(), number).await?;
            let rollout = get_rollout(id.clone(), number, u64::MAX >> 1).await?;
            Ok::<_, Failure>(Some((get_deployment(id).await?, deploy, rollout, kept)))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(Some((view, deploy, rollout, kept))) => {
                        view! { <Question view=view deploy=deploy rollout=rollout kept=kept/> }.into_any()
                    }
                    Ok(None) => view! { <NotFoundPage/> }.into_any(),
                    Err(failure) => view! { <Trouble problem=failure.0/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Question(view: DeploymentView, deploy: DeployView, rollout: Rollout, kept: Option<KeptForm>) -> impl IntoView {
    let deploy = deploy.row.deploy;
    let (id, number, name) = (&view.deployment.id, deploy.number, shown(&view.deployment.name));
    let title = format!("Cancel {number} of {name}");
    let back = deploy_href(id, number);
    let way = match what_happens(&deploy, &rollout, &view) {
        Ok(text) => {
            let kept = kept_of(kept.as_ref(), CancelDeploy::PATH);
            let why = typed(kept.as_ref(), "description");
            let (id, button) = (id.to_string(), title.clone());
            view! {
                <p>{text}</p>
                <PostForm path=CancelDeploy::PATH>
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="number" value=number.get().to_string()/>
                    <div class="field">
                        <label for="cancel-why">"Why (optional)"</label>
                        <input id="cancel-why" name="description" type="text" maxlength="500" value=why autocomplete="off"/>
                    </div>
                    <div class="row">
                        <button type="submit" class="button button--primary">{button}</button>
                        <a class="button" href=back>"Let it go on"</a>
                    </div>
                </PostForm>
            }
            .into_any()
        }
        Err(text) => {
            let plan = view.live.as_ref().filter(|_| deploy.status == DeployStatus::Running).and_then(|live| {
                let to = rollback_href(id, Some(live.number));
                let text = format!("Plan a rollback to {}", live.number);
                (live.number != number).then(|| view! { <a class="button" href=to>{text}</a> })
            });
            view! {
                <p>{text}</p>
                <div class="row">{plan} <a class="button" href=back>{format!("Back to {number}")}</a></div>
            }
            .into_any()
        }
    };
    view! {
        <Title text=title.clone()/>
        <Crumbs
            above=vec![
                (view.deployment.name.clone(), deployment_href(id)),
                (number.to_string(), deploy_href(id, number)),
            ]
            here="Cancel"
        />
        <Refused kept=kept/>
        <div class="head"><h1>{title}</h1></div>
        <section class="card" aria-label="What cancelling does">
            <p><StatusBadge status=deploy.shown()/> " " {shown(&deploy.description)}</p>
            {way}
        </section>
    }
    .into_any()
}

/// What cancelling would do now; or why there is nothing to cancel.
fn what_happens(
    deploy: &backstep_domain::Deploy,
    rollout: &Rollout,
    view: &DeploymentView,
) -> Result<String, &'static str> {
    let stays = match &view.live {
        Some(live) => format!("What runs now, {}, stays.", live.number),
        None => "Nothing runs yet, and nothing will.".to_owned(),
    };
    let hold = match &view.hold {
        Some(hold) if hold.rollback == Some(deploy.number) => " The hold that came with it stays until it is released.",
        _ => "",
    };
    match deploy.status {
        DeployStatus::Queued => Ok(format!("It waits for its turn, and will not be rolled out. {stays}{hold}")),
        DeployStatus::Held => Ok(format!("It is held, and will not be rolled out when the hold ends. {stays}")),
        DeployStatus::Running if past_return(&rollout.steps) => Err(
            "It is past its point of no return: what runs is being switched. It is finished, or put back if it fails. When it is done, roll back.",
        ),
        DeployStatus::Running => match &rollout.stopping {
            Some(why) => Ok(format!("It is being stopped already: {}", sentence(why))),
            None => Ok(format!(
                "Its rollout stops before it switches anything; should it pass that point first, nothing is cancelled and you are told. {stays}{hold}"
            )),
        },
        DeployStatus::Succeeded => Err("It was rolled out; there is nothing to cancel."),
        DeployStatus::Failed => Err("It failed; there is nothing to cancel."),
        DeployStatus::Cancelled => Err("It was cancelled already."),
    }
}
