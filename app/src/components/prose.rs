use leptos::prelude::*;

use crate::words::shown;

/// A message of the server for a person; what it has in backticks, as `deployment.images.push`, is set as code.
#[component]
pub fn Prose(#[prop(into)] text: String) -> impl IntoView {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Words(words) => shown(words).into_any(),
        Piece::Code(code) => view! { <code>{shown(code)}</code> }.into_any(),
    };
    pieces(&text).into_iter().map(piece).collect_view()
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Words(&'a str),
    Code(&'a str),
}

/// A backtick without its second one is a character like others.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, (code, after))) =
        rest.split_once('`').and_then(|(before, opened)| Some((before, opened.split_once('`')?)))
    {
        found.push(Piece::Words(before));
        found.push(Piece::Code(code));
        rest = after;
    }
    found.push(Piece::Words(rest));
    found.retain(|piece| !matches!(piece, Piece::Words("")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_backticks_are_code() {
        use Piece::{Code, Words};
        assert_eq!(
            pieces("You need `a` and `b`."),
            [Words("You need "), Code("a"), Words(" and "), Code("b"), Words(".")]
        );
        assert_eq!(pieces("`name` is taken"), [Code("name"), Words(" is taken")]);
        assert_eq!(pieces("one ` alone"), [Words("one ` alone")]);
        assert_eq!(pieces(""), []);
    }
}
