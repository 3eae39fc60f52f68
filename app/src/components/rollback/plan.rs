use backstep_domain::{DeployNumber, DeploymentId, Plan, Problem, ProblemCode, Scope};
use leptos::{html, prelude::*};
use server_fn::ServerFn;

use super::{
    Leave, RollbackData,
    confirm::{ActionBar, Confirm},
    effects::Effects,
    head::Head,
    keys::on_key,
    refused::{HandOver, Refused},
    scope::ScopeChoice,
};
use crate::{
    api::{KeptForm, PlanView, RollBack, get_plan},
    components::{ProblemNote, SendForm, Sending, TokenWanted, deploy_href, rollback_href, tab},
    words::shown,
};

/// What a person chose and typed. It outlives a plan that moved.
#[derive(Clone, Copy)]
pub(super) struct Typed {
    pub scope: RwSignal<Option<Scope>>,
    pub hold: RwSignal<bool>,
    pub reject: RwSignal<bool>,
    pub description: RwSignal<String>,
    pub name: RwSignal<String>,
}

impl Typed {
    fn new(plan: &Plan, kept: Option<&KeptForm>) -> Self {
        let text = |name| kept.and_then(|form| form.field(name)).unwrap_or_default().to_owned();
        // Once the form was sent, a missing box is one that was not ticked.
        let ticked = |name| kept.is_none_or(|form| form.field(name).is_some());
        let chosen = kept.and_then(|form| form.field("scope")).and_then(|s| s.parse().ok());
        Self {
            scope: RwSignal::new(allowed(plan, chosen)),
            hold: RwSignal::new(ticked("hold")),
            reject: RwSignal::new(ticked("reject")),
            description: RwSignal::new(text("description")),
            name: RwSignal::new(text("confirm_name")),
        }
    }
}

/// The chosen scope if it can be had, else the proposed one.
fn allowed(plan: &Plan, chosen: Option<Scope>) -> Option<Scope> {
    chosen.filter(|scope| plan.option(*scope).is_some_and(|option| option.allowed())).or(plan.proposed)
}

fn title_for(view: &PlanView, backward: bool) -> String {
    let verb = if backward { "Roll back" } else { "Roll forward" };
    format!("{verb} {} to {}", shown(&view.deployment_name), view.plan.to.number)
}

/// `Roll back analytics-prod to #52`, for the scope that is proposed.
pub fn rollback_title(view: &PlanView) -> String {
    let proposed = view.plan.proposed.and_then(|scope| view.plan.option(scope));
    title_for(view, proposed.map_or(view.plan.backward, |option| option.backward))
}

/// The same on the heading and on the button. Where one scope goes back and another forward, it follows the choice.
#[component]
pub(super) fn RollbackTitle(view: PlanView) -> impl IntoView {
    let allowed = || view.plan.options.iter().filter(|option| option.allowed());
    let one_way = allowed().all(|option| option.backward) || allowed().all(|option| !option.backward);
    if one_way {
        return rollback_title(&view).into_any();
    }
    allowed()
        .map(|option| view! { <span data-for=option.scope.as_str()>{title_for(&view, option.backward)}</span> })
        .collect_view()
        .into_any()
}

/// A plan, and the form that confirms it.
#[component]
pub fn RollbackPlan(
    deployment: DeploymentId,
    data: RollbackData,
    #[prop(optional)] in_dialog: bool,
    #[prop(optional_no_strip)] on_done: Option<Callback<DeployNumber>>,
    #[prop(optional_no_strip)] on_cancel: Option<Callback<()>>,
) -> impl IntoView {
    let RollbackData { view, kept, diff } = data;
    let typed = Typed::new(&view.plan, kept.as_ref());
    let action = Sending::to(RollBack::PATH);
    let trouble = RwSignal::new(kept.map(|form| form.problem));
    let plan = RwSignal::new(view);
    let target = plan.with_untracked(|view| view.plan.to.number);
    let root = NodeRef::<html::Div>::new();

    // The files of a plan that moved are not in the refusal.
    let id = deployment.clone();
    let refresh = Action::new(move |(): &()| {
        let id = id.clone();
        async move {
            if let Ok(fresh) = get_plan(id, Some(target)).await {
                plan.set(fresh);
            }
        }
    });
    let wanted = use_context::<TokenWanted>();
    Effect::new(move |_| match action.ended.get() {
        Some(Ok(answer)) => {
            if let (Some(done), Ok(number)) = (on_done, serde_json::from_str(&answer)) {
                done.run(number);
            }
        }
        Some(Err(mut problem)) => {
            if let Some(TokenWanted(ask)) = wanted.filter(|_| problem.code == ProblemCode::Unauthenticated) {
                ask.run(());
            }
            if let Some(fresh) = problem.plan.take() {
                let fresh = *fresh;
                problem.message = plan.with_untracked(|seen| what_moved(&problem, &seen.plan, &fresh));
                typed.scope.update(|scope| *scope = allowed(&fresh, *scope));
                plan.update(|view| (view.plan, view.files) = (fresh, None));
                refresh.dispatch(());
            }
            trouble.set(Some(problem));
            show_trouble(root);
        }
        None => {}
    });
    focus_heading(root);

    let id = StoredValue::new(deployment);
    let link = move || rollback_href(&id.get_value(), Some(target));
    let note = move || {
        trouble.get().map(|problem| {
            let winner = problem.winner.map(|number| {
                let href = deploy_href(&id.get_value(), number);
                view! { <p><a href=href target=tab()>{format!("Follow rollback {number}")}</a></p> }
            });
            view! { <div class="plan__trouble"><ProblemNote problem=problem/> {winner}</div> }
        })
    };
    let possible = Memo::new(move |_| plan.with(|view| view.plan.proposed.is_some()));
    let body = move || {
        plan.with(|view| {
            let proposed = possible.get();
            view! {
                <ScopeChoice plan=view.plan.clone() typed=typed/>
                {proposed.then(|| view! {
                    <Effects
                        deployment=id.get_value()
                        view=view.clone()
                        diff=diff.clone()
                        page=link()
                    />
                })}
            }
        })
    };
    let hand_over = move || plan.with(|view| view! { <HandOver plan=view.plan.clone() link=link()/> });
    let end = move || {
        if possible.get() {
            view! {
                {hand_over}
                <Confirm plan=plan typed=typed/>
                <ActionBar plan=plan typed=typed pending=action.pending.into() deployment=id.get_value() on_cancel=on_cancel/>
            }
            .into_any()
        } else {
            view! {
                <Refused plan=plan.with(|view| view.plan.clone())/>
                {hand_over}
                <p class="plan__end"><Leave deployment=id.get_value() on_cancel=on_cancel label="Back"/></p>
            }
            .into_any()
        }
    };
    view! {
        <div class="plan" class:plan--dialog=in_dialog node_ref=root on:keydown=move |ev| on_key(&ev, root, in_dialog)>
            {move || plan.with(|view| view! { <Head deployment=id.get_value() view=view.clone()/> })}
            {note}
            <SendForm form=action class="plan__form">
                <input type="hidden" name="id" value=id.get_value().to_string()/>
                <input type="hidden" name="target" value=target.get().to_string()/>
                <input type="hidden" name="fingerprint" value=move || plan.with(|view| view.plan.fingerprint.clone())/>
                {body}
                {end}
            </SendForm>
        </div>
    }
    .into_any()
}

/// A conflict in words that name what happened.
fn what_moved(problem: &Problem, seen: &Plan, fresh: &Plan) -> String {
    if problem.code != ProblemCode::PlanMoved || seen.from.number == fresh.from.number {
        return problem.message.clone();
    }
    let live = &fresh.from;
    format!(
        "{} deployed meanwhile: {} is live now, “{}”. Nothing was done. This is the plan as it is now; read it and confirm \
         again. What you typed is still here.",
        live.by.name, live.number, live.description
    )
}

/// Whoever opened the plan starts to read at its top. Nothing is taken from a person who was quicker than the script.
#[cfg(target_arch = "wasm32")]
fn focus_heading(root: NodeRef<html::Div>) {
    use wasm_bindgen::JsCast;

    Effect::new(move |done: Option<bool>| {
        let Some(element) = root.get().filter(|_| done != Some(true)) else { return done.unwrap_or(false) };
        request_animation_frame(move || {
            let inside = element.query_selector(":focus").ok().flatten();
            let heading = element.query_selector("#rollback-title").ok().flatten();
            if let (None, Some(heading)) = (inside, heading.and_then(|h| h.dyn_into::<web_sys::HtmlElement>().ok())) {
                let _ = heading.focus();
            }
        });
        true
    });
}

/// Who pressed the button at the end of a long plan has to see why nothing happened.
#[cfg(target_arch = "wasm32")]
fn show_trouble(root: NodeRef<html::Div>) {
    request_animation_frame(move || {
        let note = root.get_untracked().and_then(|element| element.query_selector(".plan__trouble").ok().flatten());
        if let Some(note) = note {
            note.scroll_into_view();
        }
    });
}

#[cfg(not(target_arch = "wasm32"))]
fn show_trouble(_: NodeRef<html::Div>) {}

#[cfg(not(target_arch = "wasm32"))]
fn focus_heading(_: NodeRef<html::Div>) {}

#[cfg(test)]
mod tests {
    use backstep_domain::{Author, DeployKind, DeployRef, Kept, Millis};

    use super::*;

    fn plan(live: u32) -> Plan {
        let number = |n| DeployNumber::new(n).unwrap();
        let deploy = |n| DeployRef {
            number: number(n),
            kind: DeployKind::Dags,
            description: format!("Deploy {n}"),
            by: Author { id: "demo:ada".into(), name: "Ada".into() },
            created_at: Millis(0),
            live_from: Some(Millis(0)),
        };
        Plan {
            from: deploy(live),
            to: deploy(52),
            between: Vec::new(),
            options: Vec::new(),
            proposed: None,
            kept: Kept::default(),
            backward: true,
            fingerprint: String::new(),
        }
    }

    #[test]
    fn a_deploy_in_the_meantime_is_named() {
        let problem = Problem::new(ProblemCode::PlanMoved, "The plan moved.");
        let text = what_moved(&problem, &plan(57), &plan(58));
        assert!(
            text.starts_with("Ada deployed meanwhile: #58 is live now") && text.contains("Nothing was done"),
            "{text}"
        );
        assert_eq!(what_moved(&problem, &plan(57), &plan(57)), "The plan moved.");
    }

    #[test]
    fn what_was_ticked_and_typed_comes_back() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let problem = Problem::new(ProblemCode::Invalid, "Say why.");
        let fields = vec![field("reject", "true"), field("description", "Broken <b>"), field("scope", "image")];
        let kept = KeptForm { action: "/ui/roll-back".into(), fields, problem };
        let owner = Owner::new();
        owner.with(|| {
            let typed = Typed::new(&plan(57), Some(&kept));
            assert!(!typed.hold.get_untracked() && typed.reject.get_untracked());
            assert_eq!(typed.description.get_untracked(), "Broken <b>");
            // That scope cannot be had any more, and nothing else is proposed.
            assert_eq!(typed.scope.get_untracked(), None);
            let first = Typed::new(&plan(57), None);
            assert!(first.hold.get_untracked() && first.reject.get_untracked());
        });
    }
}
