//! What jQuery, cssselect, Soup Sieve and cascadia add to CSS.

use super::{Selector, found, parse};

#[test]
fn text_is_looked_for_in_the_element_or_directly_in_it() {
    let document = parse(
        "<div id=d>The <b id=b>Wolf</b> spider<p id=p>hunts (at night)</p></div><p id=q>WOLF  Spider é É</p>",
    );
    assert_eq!(found(&document, "[id]:contains('Wolf')"), ["d", "b"]);
    assert_eq!(found(&document, "[id]:contains(\"Wolf spider\")"), ["d"]);
    assert_eq!(found(&document, "[id]:contains(Wolf spider)"), ["d"]);
    assert_eq!(found(&document, "p:contains(hunts (at night))"), ["p"]);
    assert_eq!(found(&document, "[id]:contains(wolf)"), [""; 0]);
    assert_eq!(found(&document, "[id]:icontains(wolf)"), ["d", "b", "q"]);
    assert_eq!(found(&document, "[id]:icontains('É É')"), ["q"]);
    assert_eq!(found(&document, "[id]:contains('nothing', 'hunts')"), ["d", "p"]);
    assert_eq!(found(&document, "[id]:containsOwn('Wolf')"), ["b"]);
    assert_eq!(found(&document, "[id]:containsOwn('The  spider')"), ["d"]);
    assert_eq!(found(&document, "[id]:-soup-contains-own('The  spider')"), [""; 0]);
    assert_eq!(found(&document, "[id]:icontainsOwn('wolf')"), ["b", "q"]);
    assert!(Selector::parse(":contains()").is_err());
}

#[test]
fn regular_expressions_look_at_text_and_attributes() {
    let document = parse("<a id=a href=/p/12>No 12</a><p id=p>x<a id=b href=/p/x>No ]</a></p>");
    assert_eq!(found(&document, "a:matches-re(\"^No \\d+$\")"), ["a"]);
    assert_eq!(found(&document, "a:matches-re('(?i)no')"), ["a", "b"]);
    assert_eq!(found(&document, "a:matches(^No [0-9]+$)"), ["a"]);
    assert_eq!(found(&document, "a:matches(\\d)"), ["a"]);
    assert_eq!(found(&document, "[id]:matchesOwn('^x$')"), ["p"]);
    assert_eq!(found(&document, ":matches(#a, #b)"), ["a", "b"]);
    assert_eq!(found(&document, "a[href#=/p/\\d+]"), ["a"]);
    assert_eq!(found(&document, "a[HREF#=\"^/p/[x-z]$\"]"), ["b"]);
    assert_eq!(found(&document, "p:has([href#=(x|y)$])"), ["p"]);
    let hostile = Selector::parse(":matches-re('(\\\\w{1000}){1000}')").unwrap_err();
    assert!(hostile.message.starts_with("the regular expression cannot be used: "), "{hostile}");
    assert!(Selector::parse("[a#=(]").is_err());
    assert!(Selector::parse(":matches-re()").is_err());
}

#[test]
fn unequal_means_other_or_none() {
    let document = parse("<a id=a rel=x></a><a id=b rel=y></a><a id=c></a>");
    assert_eq!(found(&document, "a[rel!=x]"), ["b", "c"]);
    assert_eq!(found(&document, "a[rel!='x'][id!=\"c\"]"), ["b"]);
    assert_eq!(found(&document, "a:not([rel!=x])"), ["a"]);
    assert_eq!(found(&document, "body:has([rel!=')'])"), ["nil"]);
    assert!(Selector::parse("a[rel!=]").is_err());
    assert!(Selector::parse("a[rel! =x]").is_err());
    assert_eq!(found(&document, "a[id='!=']"), [""; 0]);
}

#[test]
fn children_and_fields_have_names_in_jquery_and_cascadia() {
    let document = parse(
        "<form id=f><h2 id=h>T</h2><input id=i><input id=c type=CHECKBOX><input id=s type=submit>
         <button id=b></button><button id=r type=reset></button><textarea id=t></textarea>
         <select id=l><option id=o1>1<option id=o2>2</select></form>",
    );
    assert_eq!(found(&document, "[id]:input"), ["i", "c", "s", "b", "r", "t", "l"]);
    assert_eq!(found(&document, ":button"), ["b", "r"]);
    assert_eq!(found(&document, ":submit"), ["s", "b"]);
    assert_eq!(found(&document, ":reset"), ["r"]);
    assert_eq!(found(&document, ":checkbox, :text"), ["i", "c"]);
    assert_eq!(found(&document, ":header"), ["h"]);
    assert_eq!(found(&document, ":selected"), ["o1"]);
    assert_eq!(found(&document, "form :parent"), ["h", "l", "o1", "o2"]);
    assert_eq!(found(&document, "[id]:haschild(option)"), ["l"]);
    assert_eq!(found(&document, ":haschild(#h + #i)"), ["f"]);
}
