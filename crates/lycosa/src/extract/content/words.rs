//! What the words of `class`, `id`, `role` and `itemprop` say about an element: that it is the text, or that it stands
//! beside it. The names themselves are in `names`.

use lycosa_dom::NodeRef;

use super::element::Kind;
use super::names;

/// What an element is said to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Said {
    #[default]
    Nothing,
    /// It is not shown.
    Hidden,
    /// Navigation, advertisements, sharing, related pages, consent, subscriptions.
    Beside,
    /// What readers wrote.
    Comments,
    /// Facts about the text: who wrote it and when, its tags. Short, else it is not that.
    About,
    /// Words under an image.
    Caption,
    /// A place for content, such as `<main>`.
    Place,
    /// An article.
    Article,
    /// The text of an article.
    Body,
}

/// What the attributes of an element say it is.
pub(super) fn said(node: NodeRef<'_>, kind: Kind) -> Said {
    let mut said = match node.name() {
        "article" => Said::Article,
        "main" => Said::Place,
        _ => Said::Nothing,
    };
    if kind == Kind::Beside {
        said = Said::Beside;
    }
    for attribute in node.attrs() {
        let value = attribute.value();
        let found = match attribute.name() {
            "hidden" if !value.eq_ignore_ascii_case("until-found") => Said::Hidden,
            "aria-hidden" if value.trim() == "true" => Said::Hidden,
            "style" if is_hiding(value) => Said::Hidden,
            "role" => role(value.trim()),
            "itemprop" => property(value),
            // The id of a heading is made of its words; a link is judged by what it is in.
            "class" | "id" if matches!(kind, Kind::Heading(_) | Kind::Link | Kind::Quote) => Said::Nothing,
            "id" if value.split(['-', '_']).count() > LONGEST_ID => Said::Nothing,
            "class" | "id" => named(value, kind),
            _ => Said::Nothing,
        };
        said = stronger(said, found);
    }
    said
}

/// Of two sayings the one that counts: what is beside the text is so, whatever else is said; else the strongest.
fn stronger(one: Said, other: Said) -> Said {
    let rank = |said: Said| match said {
        Said::Nothing => 0,
        Said::Place => 1,
        Said::About => 2,
        Said::Article => 3,
        Said::Caption => 4,
        Said::Beside => 5,
        Said::Comments => 6,
        Said::Body => 7,
        Said::Hidden => 8,
    };
    if rank(other) > rank(one) { other } else { one }
}

fn is_hiding(style: &str) -> bool {
    let has = |property: &str, wanted: &str| {
        style.split(';').filter_map(|part| part.split_once(':')).any(|(name, value)| {
            name.trim().eq_ignore_ascii_case(property)
                && value.trim().trim_end_matches("!important").trim_end().eq_ignore_ascii_case(wanted)
        })
    };
    style.len() < 2000 && (has("display", "none") || has("visibility", "hidden"))
}

fn role(role: &str) -> Said {
    match role {
        "navigation" | "complementary" | "contentinfo" | "banner" | "search" | "dialog" | "alertdialog"
        | "menu" | "menubar" | "toolbar" | "tablist" | "alert" | "status" => Said::Beside,
        "main" => Said::Place,
        "article" => Said::Article,
        _ => Said::Nothing,
    }
}

fn property(names: &str) -> Said {
    names.split_ascii_whitespace().fold(Said::Nothing, |said, name| {
        let found = match name {
            "articleBody" | "reviewBody" => Said::Body,
            "author" | "datePublished" | "dateModified" | "keywords" | "publisher" | "image" => Said::About,
            "comment" => Said::Comments,
            _ => Said::Nothing,
        };
        stronger(said, found)
    })
}

/// The longest name that is looked at, in bytes; longer ones are made by machines.
const LONGEST_NAME: usize = 60;
/// Words of an id from which on it is made of a heading.
const LONGEST_ID: usize = 3;
/// Names of one element that are looked at.
const MOST_NAMES: usize = 24;

fn named(value: &str, kind: Kind) -> Said {
    let names = value.split_ascii_whitespace().filter(|name| name.len() <= LONGEST_NAME).take(MOST_NAMES);
    names.fold(Said::Nothing, |said, name| stronger(said, one_name(name, kind)))
}

/// Beginnings of names that tell of a state or a variant, not of what an element is; and those by which blogs put a
/// text's own tags into its class.
const VARIANTS: [&str; 14] = [
    "has-",
    "no-",
    "is-",
    "with-",
    "without-",
    "js-",
    "tag-",
    "category-",
    "hide-",
    "show-",
    "col-",
    "wp-image",
    "elementor-",
    "post-type",
];

fn one_name(name: &str, kind: Kind) -> Said {
    // What follows two hyphens is a variant of the block that is named before.
    let name = name.split("--").next().filter(|block| !block.is_empty()).unwrap_or(name);
    let lower = name.to_ascii_lowercase();
    if VARIANTS.iter().any(|variant| lower.starts_with(variant)) {
        return Said::Nothing;
    }
    let joined: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let whole = names::whole(&lower, &joined);
    if whole != Said::Nothing {
        return whole;
    }
    if is_about_the_author(name) {
        return Said::Beside;
    }
    let words = pieces(name).map(|piece| names::word(&piece)).chain([names::word(&joined)]);
    // Of several words the first of these counts.
    let order = |said: &Said| match said {
        Said::Caption => 4,
        Said::Comments => 3,
        Said::Beside => 2,
        Said::About => 1,
        _ => 0,
    };
    let mut said = words.max_by_key(order).unwrap_or_default();
    if said == Said::Nothing
        && matches!(&*joined, "main" | "content" | "article" | "story" | "post" | "entry" | "inhalt")
    {
        said = Said::Place;
    }
    // A name says less of a piece of a line than of a block.
    if matches!(kind, Kind::Strong | Kind::Emphasis | Kind::Code) { Said::Nothing } else { said }
}

/// Whether a name is one of a box that presents the author.
fn is_about_the_author(name: &str) -> bool {
    let boxes = ["box", "bio", "info", "about", "description", "profile", "card", "wrap", "details"];
    let (mut is_author, mut is_box) = (false, false);
    for piece in pieces(name) {
        is_author |= matches!(&*piece, "author" | "autor" | "auteur" | "autore");
        is_box |= boxes.contains(&&*piece);
    }
    is_author && is_box
}

/// The words of a name: parted by anything but letters and digits, and where a capital follows a small letter.
fn pieces(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(|part| {
        let mut words: Vec<String> = Vec::new();
        let mut was_small = false;
        for c in part.chars() {
            if words.is_empty() || (was_small && c.is_ascii_uppercase()) {
                words.push(String::new());
            }
            was_small = c.is_ascii_lowercase();
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        words
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_word_by_word() {
        let said = |name| one_name(name, Kind::Division);
        assert_eq!(said("ArticleShareBar"), Said::Beside);
        assert_eq!(said("post__content"), Said::Body);
        assert_eq!(said("entry-content"), Said::Body);
        assert_eq!(said("comments-area"), Said::Comments);
        assert_eq!(said("has-sidebar"), Said::Nothing);
        assert_eq!(said("download"), Said::Nothing);
        assert_eq!(said("headline"), Said::Nothing);
        assert_eq!(said("tag-share"), Said::Nothing);
    }

    #[test]
    fn styles_hide_by_display_and_visibility_alone() {
        assert!(is_hiding("color: red; DISPLAY : none !important"));
        assert!(is_hiding("visibility:hidden"));
        assert!(!is_hiding("display:block; background: url(none)"));
    }
}
