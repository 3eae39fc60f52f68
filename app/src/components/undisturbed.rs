use leptos::{prelude::*, tachys::reactive_graph::OwnedView, tachys::view::keyed::keyed};

/// What stays as it is while a live change draws the page around it anew: with what a person opened, chose or typed there.
#[component]
pub fn Undisturbed(
    /// All that may change its content; another key draws it anew.
    #[prop(into)]
    key: String,
    /// Of the page, so that it outlives the fetching again that a live change brings.
    owner: Owner,
    children: ChildrenFn,
) -> impl IntoView {
    keyed([key], String::clone, move |_, _| {
        let owner = owner.with(Owner::new);
        let view = owner.with(|| children());
        (|_: usize| (), OwnedView::new_with_owner(view, owner))
    })
}
