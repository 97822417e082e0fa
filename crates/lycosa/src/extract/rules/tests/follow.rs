//! Links to follow by rules.

use super::*;

const LIST: &str = r#"<nav><a href="/list/?page=2#x">2</a> <a href="?page=3" rel=nofollow>3</a></nav>
  <a class=product href=/p/1>one</a><a class=product href=/p/1>again</a><a class=product href="mailto:x@y">mail</a>
  <div class=card data-url=/p/2>two</div><a href=/about>about</a>"#;

fn follow(text: &str, label: Option<&str>, respect_nofollow: bool) -> Vec<(String, String)> {
    let rules = toml::from_str::<std::collections::BTreeMap<String, Vec<FollowRule>>>(text).unwrap();
    let rules = FollowRules::compile(&rules["follow"], respect_nofollow, &Default::default()).unwrap();
    let links = findings(&rules, LIST, label).outlinks.into_iter();
    let path = |url: &Url| url.as_str().trim_start_matches("http://shop.test").to_owned();
    links.map(|link| (link.label.as_deref().unwrap_or_default().to_owned(), path(&link.url))).collect()
}

fn pair(label: &str, path: &str) -> (String, String) {
    (label.to_owned(), path.to_owned())
}

#[test]
fn links_are_taken_by_css_or_xpath_each_once_with_the_first_label() {
    let text = "[[follow]]\ncss = 'a.product, .card::attr(data-url)'\nlabel = 'detail'\n\
                [[follow]]\nxpath = '//nav/a/@href'\n[[follow]]\ncss = 'a'\nlabel = 'other'";
    assert_eq!(
        follow(text, None, false),
        [
            pair("detail", "/p/1"),
            pair("detail", "/p/2"),
            pair("", "/list/?page=2"),
            pair("", "/list/?page=3"),
            pair("other", "/about"),
        ]
    );
}

#[test]
fn an_element_stands_for_the_links_in_it_and_nofollow_can_count() {
    let text = "[[follow]]\ncss = 'nav'";
    assert_eq!(follow(text, None, false).len(), 2);
    assert_eq!(follow(text, None, true), [pair("", "/list/?page=2")]);
    assert_eq!(follow("[[follow]]\nxpath = '//nav'", None, true), [pair("", "/list/?page=2")]);
}

#[test]
fn rules_choose_their_pages_and_their_links() {
    assert_eq!(follow("[[follow]]\nmatch = 'page=\\d'", None, false).len(), 2);
    assert_eq!(follow("[[follow]]\nwhen = '/list/'", None, false).len(), 4);
    assert_eq!(follow("[[follow]]\nwhen = '/p/'", None, false), []);
    assert_eq!(follow("[[follow]]\nwhen_label = ''", Some("detail"), false), []);
    assert_eq!(follow("[[follow]]\nwhen_label = ['detail']", Some("detail"), false).len(), 4);
}
