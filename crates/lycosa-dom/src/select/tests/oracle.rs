//! A naive matcher: random selectors over random small documents, matched straight from the definitions with
//! every possibility tried and nothing remembered.

use std::fmt;

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{Document, NodeRef, Selector, parse};

#[derive(Clone, Debug)]
enum Simple {
    Any,
    Type(&'static str),
    Class(&'static str),
    Id(&'static str),
    Attribute(&'static str, &'static str, bool),
    Not(Vec<Complex>),
    Is(Vec<Complex>),
    Has(Vec<(char, Complex)>),
    Nth { step: i32, offset: i32, is_last: bool, of: Option<Vec<Complex>> },
    NthOfType { step: i32, offset: i32, is_last: bool },
    Empty,
    Root,
    OnlyChild,
}

/// A compound, and before it, with combinators, others from right to left.
#[derive(Clone, Debug)]
struct Complex {
    last: Vec<Simple>,
    before: Vec<(char, Vec<Simple>)>,
}

fn write_list<T: fmt::Display>(list: &[T]) -> String {
    list.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Simple {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = |is_last: bool| if is_last { "last-" } else { "" };
        match self {
            Self::Any => write!(out, "*"),
            Self::Type(name) => write!(out, "{name}"),
            Self::Class(name) => write!(out, ".{name}"),
            Self::Id(name) => write!(out, "#{name}"),
            Self::Attribute(operator, value, is_folded) => {
                write!(out, "[title{operator}\"{value}\"{}]", if *is_folded { " i" } else { "" })
            }
            Self::Not(list) => write!(out, ":not({})", write_list(list)),
            Self::Is(list) => write!(out, ":is({})", write_list(list)),
            Self::Has(list) => {
                let list: Vec<_> = list.iter().map(|(sign, complex)| format!("{sign} {complex}")).collect();
                write!(out, ":has({})", list.join(", "))
            }
            Self::Nth { step, offset, is_last, of } => {
                let of = of.as_ref().map(|list| format!(" of {}", write_list(list))).unwrap_or_default();
                write!(out, ":nth-{}child({step}n{offset:+}{of})", last(*is_last))
            }
            Self::NthOfType { step, offset, is_last } => {
                write!(out, ":nth-{}of-type({step}n{offset:+})", last(*is_last))
            }
            Self::Empty => write!(out, ":empty"),
            Self::Root => write!(out, ":root"),
            Self::OnlyChild => write!(out, ":only-child"),
        }
    }
}

fn write_compound(compound: &[Simple]) -> String {
    compound.iter().map(Simple::to_string).collect()
}

impl fmt::Display for Complex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (sign, compound) in self.before.iter().rev() {
            write!(out, "{} {sign} ", write_compound(compound))?;
        }
        write!(out, "{}", write_compound(&self.last))
    }
}

fn elements<'d>(parent: NodeRef<'d>) -> Vec<NodeRef<'d>> {
    parent.children().filter(|child| child.is_element()).collect()
}

fn fits_nth(step: i32, offset: i32, position: usize) -> bool {
    (0..1000).any(|n| step * n + offset == position as i32)
}

fn position(node: NodeRef<'_>, is_last: bool, is_counted: impl Fn(NodeRef<'_>) -> bool) -> usize {
    let siblings = elements(node.parent().unwrap());
    let at = siblings.iter().position(|sibling| *sibling == node).unwrap();
    let counted = if is_last { &siblings[at..] } else { &siblings[..=at] };
    counted.iter().filter(|sibling| is_counted(**sibling)).count()
}

impl Simple {
    fn matches(&self, node: NodeRef<'_>) -> bool {
        fn any(list: &[Complex], node: NodeRef<'_>) -> bool {
            list.iter().any(|complex| complex.matches(node, None))
        }
        match self {
            Self::Any => true,
            Self::Type(name) => node.name() == *name,
            Self::Class(name) => node.has_class(name),
            Self::Id(name) => node.attr("id") == Some(name),
            Self::Attribute(operator, wanted, is_folded) => node.attr("title").is_some_and(|title| {
                let fold = |text: &str| if *is_folded { text.to_ascii_lowercase() } else { text.to_owned() };
                let (title, wanted) = (fold(title), fold(wanted));
                match *operator {
                    "=" => title == wanted,
                    "^=" => !wanted.is_empty() && title.starts_with(&wanted),
                    "$=" => !wanted.is_empty() && title.ends_with(&wanted),
                    "*=" => !wanted.is_empty() && title.contains(&wanted),
                    "~=" => title.split(' ').any(|word| !word.is_empty() && word == wanted),
                    _ => title == wanted || title.starts_with(&format!("{wanted}-")),
                }
            }),
            Self::Not(list) => !any(list, node),
            Self::Is(list) => any(list, node),
            Self::Has(list) => list.iter().any(|(sign, complex)| {
                let document = node.document();
                document
                    .nodes()
                    .any(|other| other.is_element() && complex.matches(other, Some((*sign, node))))
            }),
            Self::Nth { step, offset, is_last, of } => {
                let is_counted = |other: NodeRef<'_>| of.as_ref().is_none_or(|list| any(list, other));
                is_counted(node) && fits_nth(*step, *offset, position(node, *is_last, is_counted))
            }
            Self::NthOfType { step, offset, is_last } => {
                let is_same = |other: NodeRef<'_>| other.name() == node.name();
                fits_nth(*step, *offset, position(node, *is_last, is_same))
            }
            Self::Empty => node.children().all(|child| !child.is_element() && !child.is_text()),
            Self::Root => node.parent().is_some_and(|parent| !parent.is_element()),
            Self::OnlyChild => elements(node.parent().unwrap()).len() == 1,
        }
    }
}

/// The elements a combinator leads to, leftwards.
fn candidates<'d>(sign: char, node: NodeRef<'d>) -> Vec<NodeRef<'d>> {
    let above: Vec<_> = node.ancestors().filter(|ancestor| ancestor.is_element()).collect();
    let mut before = elements(node.parent().unwrap());
    before.retain(|sibling| sibling.number() < node.number());
    match sign {
        '>' => above.into_iter().take(1).collect(),
        ' ' => above,
        '+' => before.pop().into_iter().collect(),
        _ => before,
    }
}

impl Complex {
    /// Whether it matches; relative ones must lead to the anchor by its combinator.
    fn matches(&self, node: NodeRef<'_>, anchor: Option<(char, NodeRef<'_>)>) -> bool {
        matches_from(&self.last, &self.before, node, anchor)
    }
}

fn matches_from(
    compound: &[Simple],
    before: &[(char, Vec<Simple>)],
    node: NodeRef<'_>,
    anchor: Option<(char, NodeRef<'_>)>,
) -> bool {
    if !compound.iter().all(|simple| simple.matches(node)) {
        return false;
    }
    match before {
        [] => anchor.is_none_or(|(sign, anchor)| candidates(sign, node).contains(&anchor)),
        [(sign, next), rest @ ..] => {
            candidates(*sign, node).into_iter().any(|candidate| matches_from(next, rest, candidate, anchor))
        }
    }
}

fn sign() -> impl Strategy<Value = char> {
    select(vec![' ', '>', '+', '~'])
}

/// Parts without selectors in them. A type comes first in a compound, so it is no part but the beginning.
fn plain() -> impl Strategy<Value = Simple> {
    prop_oneof![
        3 => select(vec!["u", "v", "w"]).prop_map(Simple::Class),
        1 => select(vec!["k", "l"]).prop_map(Simple::Id),
        2 => (select(vec!["=", "^=", "$=", "*=", "~=", "|="]), select(vec!["", "a", "A", "a-b", "b"]), any::<bool>())
            .prop_map(|(operator, value, is_folded)| Simple::Attribute(operator, value, is_folded)),
        1 => (-3..4, -3..4, any::<bool>())
            .prop_map(|(step, offset, is_last)| Simple::Nth { step, offset, is_last, of: None }),
        1 => (-3..4, -3..4, any::<bool>())
            .prop_map(|(step, offset, is_last)| Simple::NthOfType { step, offset, is_last }),
        1 => select(vec![Simple::Empty, Simple::Root, Simple::OnlyChild]),
    ]
}

fn compound(part: impl Strategy<Value = Simple> + Clone + 'static) -> impl Strategy<Value = Vec<Simple>> {
    let first = select(vec![Simple::Any, Simple::Type("div"), Simple::Type("span"), Simple::Type("x-y")]);
    (option::of(first), vec(part, 0..3)).prop_map(|(first, parts)| {
        let compound: Vec<_> = first.into_iter().chain(parts).collect();
        if compound.is_empty() { vec![Simple::Any] } else { compound }
    })
}

fn complex(part: impl Strategy<Value = Simple> + Clone + 'static) -> impl Strategy<Value = Complex> + Clone {
    let part = part.boxed();
    (compound(part.clone()), vec((sign(), compound(part)), 0..3))
        .prop_map(|(last, before)| Complex { last, before })
        .boxed()
}

/// Parts with selectors in them, twice nested.
fn nesting(inner: impl Strategy<Value = Complex> + Clone + 'static) -> impl Strategy<Value = Simple> + Clone {
    let list = vec(inner, 1..3).boxed();
    prop_oneof![
        3 => plain(),
        1 => list.clone().prop_map(Simple::Not),
        1 => list.clone().prop_map(Simple::Is),
        1 => (-3..4, -3..4, any::<bool>(), list)
            .prop_map(|(step, offset, is_last, of)| Simple::Nth { step, offset, is_last, of: Some(of) }),
    ]
    .boxed()
}

fn selector() -> impl Strategy<Value = Complex> {
    let inner = complex(nesting(complex(plain().boxed())));
    let has = vec((sign(), inner.clone()), 1..3).prop_map(Simple::Has);
    complex(prop_oneof![3 => nesting(inner), 1 => has].boxed())
}

/// Tags that open, close and hold text, as a page.
fn page() -> impl Strategy<Value = String> {
    let classes = select(vec!["", "u", "v", "u v", "w u", "v w"]);
    let titles =
        select(vec!["", " title", " title=a", " title=A", " title='a b'", " title=a-b", " title=ab"]);
    let open = (select(vec!["div", "span", "x-y"]), classes, titles, select(vec!["", "", " id=k", " id=l"]))
        .prop_map(|(name, class, title, id)| Some(format!("<{name} class='{class}'{title}{id}>")));
    let piece = prop_oneof![5 => open, 4 => Just(None), 1 => Just(Some("x".to_owned())), 1 => Just(Some("<!---->".to_owned()))];
    vec(piece, 0..40).prop_map(|pieces| {
        let (mut html, mut open) = ("<!doctype html>".to_owned(), Vec::new());
        for piece in pieces {
            match piece {
                Some(piece) => {
                    if let Some(name) = piece.strip_prefix('<').filter(|_| !piece.starts_with("<!")) {
                        open.push(name.split(' ').next().unwrap().to_owned());
                    }
                    html.push_str(&piece);
                }
                None => html.extend(open.pop().map(|name| format!("</{name}>"))),
            }
        }
        html
    })
}

fn numbers(document: &Document, is_match: impl Fn(NodeRef<'_>) -> bool) -> Vec<u32> {
    document.nodes().filter(|node| node.is_element() && is_match(*node)).map(NodeRef::number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn random_selectors_match_as_defined(complexes in vec(selector(), 1..3), html in page()) {
        let source = write_list(&complexes);
        let document = parse(&html);
        let selector = Selector::parse(&source).map_err(|error| TestCaseError::fail(format!("{source}: {error}")))?;
        let found: Vec<_> = document.select(&selector).map(NodeRef::number).collect();
        let expected = numbers(&document, |node| complexes.iter().any(|complex| complex.matches(node, None)));
        prop_assert_eq!(&found, &expected, "{} in {}", source, html);
        // Asking each node alone, and what is written again, find the same.
        let written = Selector::parse(&selector.to_css());
        let written = written.map_err(|error| TestCaseError::fail(format!("{}: {error}", selector.to_css())))?;
        prop_assert_eq!(&numbers(&document, |node| node.matches(&written)), &expected, "{}", source);
    }
}
