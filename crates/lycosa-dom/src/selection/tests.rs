//! Selections against what jQuery's documentation says of its methods, with our order; and the table of goquery's.

use super::*;
use crate::{NodeKind, ParseOptions, SelectorError};

fn parse(html: &str) -> Document {
    Document::parse_html(html, ParseOptions::default())
}

fn ids<'d>(selection: &Selection<'d>) -> Vec<&'d str> {
    selection.iter().map(|node| node.attr("id").unwrap_or(node.name())).collect()
}

/// The list that jQuery's documentation uses throughout, with a second level.
fn list() -> Document {
    parse(
        "<ul id=level1 class=level-1><li id=i class=item-i>I</li><li id=ii class=item-ii>II
           <ul id=level2 class=level-2><li id=a class=item-a>A</li><li id=b class=item-b>B
             <ul id=level3 class=level-3><li id=x1 class=item-1>1</li><li id=x2 class=item-2>2</li></ul></li>
           <li id=c class=item-c>C</li></ul></li><li id=iii class=item-iii>III</li></ul>",
    )
}

#[test]
fn find_looks_into_each_node_and_finds_each_once() -> Result<(), SelectorError> {
    let document = list();
    assert_eq!(ids(&document.find("li.item-ii")?.find("li")?), ["a", "b", "x1", "x2", "c"]);
    assert_eq!(ids(&document.find("ul")?.find("li")?), ["i", "ii", "a", "b", "x1", "x2", "c", "iii"]);
    assert_eq!(
        ids(&document.find(".level-2, .level-1")?.find(":scope > li")?),
        ["i", "ii", "a", "b", "c", "iii"]
    );
    let items = document.find("li")?;
    assert_eq!(ids(&document.find(".level-2")?.find_in(&items)), ["a", "b", "x1", "x2", "c"]);
    assert_eq!(
        ids(&document.find("ul")?.find_in(&document.find(".level-2, .level-3")?)),
        ["level2", "level3"]
    );
    assert!(document.find(".nothing")?.find("li")?.is_empty());
    let compiled = Selector::parse("li")?;
    assert_eq!(document.find(&compiled), items);
    assert_eq!(document.find(&String::from("li"))?, items);
    Ok(())
}

#[test]
fn a_wrong_selector_is_an_error_in_every_method() -> Result<(), SelectorError> {
    let document = list();
    let items = document.find("li")?;
    assert_eq!(document.find("li >").unwrap_err().column, 5);
    assert!(items.find("").is_err() && items.filter(":nosuch").is_err() && items.not("[").is_err());
    assert!(items.has(",").is_err() && items.is("a,").is_err() && items.closest(">").is_err());
    assert!(items.add("..").is_err() && items.index_in("#").is_err() && items.parents_until("::x").is_err());
    assert!(items.next_until("a b >").is_err() && items.prev_until(":not()").is_err());
    Ok(())
}

#[test]
fn filter_not_and_has_narrow_the_set() -> Result<(), SelectorError> {
    let document = list();
    let items = document.find("li")?;
    assert_eq!(ids(&items.filter(":nth-child(2n)")?), ["ii", "b", "x2"]);
    assert_eq!(ids(&items.filter_by(|position, _| position % 3 == 2)), ["a", "x2"]);
    assert_eq!(ids(&items.filter_by(|_, node| node.text() == "C")), ["c"]);
    assert_eq!(ids(&items.not(":nth-child(2n)")?), ["i", "a", "x1", "c", "iii"]);
    assert_eq!(ids(&items.not_by(|position, _| position > 1)), ["i", "ii"]);
    assert_eq!(ids(&items.has("ul")?), ["ii", "b"]);
    assert_eq!(ids(&items.has(":scope > ul > #a")?), ["ii"]);
    assert_eq!(ids(&items.has_any_of(&document.find("#x2")?)), ["ii", "b"]);
    let few = document.find("#a, #c, ul")?;
    assert_eq!(ids(&items.intersection(&few)), ["a", "c"]);
    assert_eq!(ids(&items.difference(&few)), ["i", "ii", "b", "x1", "x2", "iii"]);
    assert_eq!(ids(&items.filter("li:scope")?).len(), 8);
    Ok(())
}

#[test]
fn is_asks_whether_one_of_them_does() -> Result<(), SelectorError> {
    let document = list();
    let items = document.find("li")?;
    assert!(items.is(".item-b")? && !items.is("ul")?);
    assert!(items.is_by(|position, node| position == 1 && node.has_class("item-ii")));
    assert!(items.is_any_of(&document.find("#c")?) && !items.is_any_of(&document.find("ul")?));
    assert!(items.has_class("item-1") && !items.has_class("item"));
    let second = document.find("#x2")?.get(0).unwrap();
    assert!(document.find("#b")?.contains(second) && !document.find("#x2")?.contains(second));
    assert!(!document.find(".none")?.is("*")?);
    Ok(())
}

#[test]
fn up_go_parent_parents_and_closest() -> Result<(), SelectorError> {
    let document = list();
    let item = document.find("#a")?;
    assert_eq!(ids(&item.parent()), ["level2"]);
    assert_eq!(ids(&document.find("#a, #b, #x1")?.parent()), ["level2", "level3"]);
    // jQuery lists them from the inside out; here the nearest is the last.
    assert_eq!(ids(&item.parents()), ["html", "body", "level1", "ii", "level2"]);
    assert_eq!(
        ids(&document.find("#x1, #c")?.parents()),
        ["html", "body", "level1", "ii", "level2", "b", "level3"]
    );
    assert_eq!(ids(&item.parents_until(".level-1")?), ["ii", "level2"]);
    assert_eq!(
        ids(&document.find("#x1, #i")?.parents_until("#ii")?),
        ["html", "body", "level1", "level2", "b", "level3"]
    );
    assert_eq!(ids(&item.parents_until_any_of(&document.find("#ii")?)), ["level2"]);
    assert_eq!(ids(&item.closest("ul")?), ["level2"]);
    assert_eq!(ids(&item.closest("li")?), ["a"]);
    assert_eq!(ids(&document.find("li")?.closest("ul")?), ["level1", "level2", "level3"]);
    assert_eq!(ids(&document.find("#x1, #iii")?.closest("#ii, body")?), ["body", "ii"]);
    assert_eq!(ids(&document.find("#x1, #x2")?.closest_of(&document.find("#b, #x2")?)), ["b", "x2"]);
    assert!(document.find("html")?.parent().is_empty() && document.find("html")?.parents().is_empty());
    Ok(())
}

#[test]
fn down_go_children_and_contents() -> Result<(), SelectorError> {
    let document = list();
    assert_eq!(ids(&document.find(".level-2, .level-3")?.children()), ["a", "b", "x1", "x2", "c"]);
    let paragraph = parse("<p>x<b>y</b><!-- z --></p>");
    let contents = paragraph.find("p")?.contents();
    let kinds = contents.map(|_, node| node.kind());
    assert_eq!(kinds, [NodeKind::Text, NodeKind::Element, NodeKind::Comment]);
    assert!(contents.filter("*")?.is("b")?);
    assert_eq!(contents.len(), 3);
    Ok(())
}

#[test]
fn sideways_go_siblings_next_and_prev() -> Result<(), SelectorError> {
    let document = list();
    let of = |source: &str| document.find(source).unwrap();
    assert_eq!(ids(&of("#ii").siblings()), ["i", "iii"]);
    assert_eq!(ids(&of("#i, #ii").siblings()), ["i", "ii", "iii"]);
    assert_eq!(ids(&of("#ii, #b").siblings()), ["i", "a", "c", "iii"]);
    assert_eq!(ids(&of("#i, #a, #iii").next()), ["ii", "b"]);
    assert_eq!(ids(&of("#i, #b, #iii").prev()), ["ii", "a"]);
    assert_eq!(ids(&of("#i, #ii").next_all()), ["ii", "iii"]);
    assert_eq!(ids(&of("#c, #b").prev_all()), ["a", "b"]);

    let terms = parse("<dl><dt id=t1><dd id=a><dd id=b><dt id=t2><dd id=c><dt id=t3><dd id=d></dl>");
    assert_eq!(ids(&terms.find("#t1")?.next_until("dt")?), ["a", "b"]);
    assert_eq!(ids(&terms.find("#t1, #a, #t3")?.next_until("dt")?), ["a", "b", "d"]);
    assert_eq!(ids(&terms.find("#t1")?.next_until(".none")?), ["a", "b", "t2", "c", "t3", "d"]);
    assert_eq!(ids(&terms.find("#t3, #b")?.prev_until("dt")?), ["a", "c"]);
    assert_eq!(ids(&terms.find("#t1")?.next_until_any_of(&terms.find("#c")?)), ["a", "b", "t2"]);
    assert_eq!(ids(&terms.find("#t3")?.prev_until_any_of(&terms.find("#t2")?)), ["c"]);
    assert_eq!(ids(&terms.find("dt")?.next_until("dt")?.filter("#b, #d")?), ["b", "d"]);
    assert!(terms.find("html")?.siblings().is_empty() && terms.find("html")?.next().is_empty());
    Ok(())
}

#[test]
fn positions_count_from_both_ends() -> Result<(), SelectorError> {
    let document = list();
    let items = document.find(".level-1 > li")?;
    assert_eq!((ids(&items.first()), ids(&items.last())), (vec!["i"], vec!["iii"]));
    assert_eq!((ids(&items.eq(1)), ids(&items.eq(-2)), ids(&items.eq(3)).len()), (vec!["ii"], vec!["ii"], 0));
    assert!(items.eq(-4).is_empty() && items.eq(isize::MIN).is_empty() && items.get(isize::MAX).is_none());
    assert_eq!(ids(&items.slice(1..)), ["ii", "iii"]);
    assert_eq!(ids(&items.slice(-2..-1)), ["ii"]);
    assert_eq!(ids(&items.slice(..=1)), ["i", "ii"]);
    assert_eq!(ids(&items.slice(..=-1)), ["i", "ii", "iii"]);
    assert_eq!(ids(&items.slice(-9..9)), ["i", "ii", "iii"]);
    assert!(items.slice(3..3).is_empty() && items.slice(..=-9).is_empty() && items.slice(7..).is_empty());
    assert_eq!(document.find("#b")?.index(), Some(1));
    assert_eq!(document.find("#c")?.index_in("li")?, Some(6));
    assert_eq!(document.find("#c")?.index_in("ul")?, None);
    assert_eq!(items.index_of(items.get(-1).unwrap()), Some(2));
    assert_eq!(items.index_of_selection(&document.find("#ii, #iii")?), Some(1));
    assert_eq!(document.find(".none")?.index(), None);
    Ok(())
}

#[test]
fn sets_are_added_and_chains_go_back() -> Result<(), SelectorError> {
    let document = list();
    let second = document.find("#ii")?;
    assert_eq!(ids(&second.add("#c, #i")?), ["i", "ii", "c"]);
    assert_eq!(ids(&second.union(&document.find("#ii, #a")?)), ["ii", "a"]);
    assert_eq!(ids(&second.add_nodes(document.find("#b")?.iter())), ["ii", "b"]);
    assert_eq!(ids(&second.next_all().add_back()), ["ii", "iii"]);
    assert_eq!(ids(&second.find(".item-a")?.end().find(".item-b")?), ["b"]);
    assert!(document.selection([]).end().is_empty());
    let other = parse("<li id=i>");
    assert_eq!(ids(&second.union(&other.find("li")?)), ["ii"]);
    assert!(second.intersection(&other.find("li")?).is_empty() && !second.contains(other.root()));
    assert!(document.selection(other.find("li")?.iter()).is_empty());
    Ok(())
}

#[test]
fn what_nodes_hold_is_read_from_the_first_or_from_all() -> Result<(), SelectorError> {
    let document = parse("<p id=a title=A>One <b>two</b></p><p id=b>three</p><!-- c -->");
    let paragraphs = document.find("p")?;
    assert_eq!((paragraphs.attr("title"), paragraphs.attr("lang")), (Some("A"), None));
    assert_eq!(paragraphs.attr_or("lang", "en"), "en");
    assert_eq!(paragraphs.attrs("id").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(paragraphs.text(), "One twothree");
    assert_eq!(document.find("p, b")?.text(), "One twothree");
    assert_eq!(document.find("p, b")?.texts().collect::<Vec<_>>(), ["One two", "two", "three"]);
    assert_eq!(paragraphs.html(), "One <b>two</b>");
    assert_eq!(document.find("b")?.outer_html(), "<b>two</b>");
    assert_eq!((document.find("b")?.name(), document.find("i")?.html()), ("b", String::new()));
    assert_eq!(paragraphs.map(|position, node| (position, node.text().len())), [(0, 7), (1, 5)]);
    let mut seen = Vec::new();
    paragraphs.each(|position, _| seen.push(position)).each_while(|position, node| {
        seen.push(position + 10);
        node.attr("title").is_none()
    });
    assert_eq!(seen, [0, 1, 10]);
    assert_eq!(paragraphs.iter().rev().len(), 2);
    assert_eq!(format!("{:?}", paragraphs.eq(1)), "[Element \"p\" #8]");
    Ok(())
}

#[test]
fn a_selection_outlives_the_steps_that_made_it() -> Result<(), SelectorError> {
    fn first_cell<'d>(document: &'d Document) -> Result<Selection<'d>, SelectorError> {
        let rows = document.find("li")?;
        let kept = rows.not(".item-i")?;
        Ok(kept.first())
    }
    fn shared<T: Send + Sync>(_: &T) {}
    let document = list();
    let cell = first_cell(&document)?;
    shared(&cell);
    assert_eq!(ids(&cell), ["ii"]);
    Ok(())
}

#[test]
fn eighty_thousand_items_and_endless_chains_are_walked_once() -> Result<(), SelectorError> {
    let document = parse(&format!("<ul>{}</ul>", "<li>x".repeat(80_000)));
    let items = document.find("li")?;
    let few = items.slice(..5);
    assert_eq!(items.siblings().len(), 80_000);
    assert_eq!(few.eq(0).siblings().len(), 79_999);
    assert_eq!((items.next_all().len(), items.prev_all().len()), (79_999, 79_999));
    assert_eq!((items.next_until(".x")?.len(), items.prev_until(".x")?.len()), (79_999, 79_999));
    assert_eq!((items.next().len(), items.prev().len()), (79_999, 79_999));
    assert_eq!(items.parent().len(), 1);
    assert_eq!(items.closest("ul")?.len(), 1);
    assert_eq!(items.has("b")?.len(), 0);
    assert_eq!(items.union(&few).difference(&few).len(), 79_995);
    assert_eq!(items.text().len(), 80_000);
    let mut chain = few;
    for _ in 0..200_000 {
        chain = chain.first();
    }
    assert_eq!(chain.len(), 1);
    drop(chain);

    let nested = parse(&format!("{}y", "<div>".repeat(500)));
    let all = nested.find("div")?;
    assert_eq!((all.find("div")?.len(), all.parents().len(), all.closest("body")?.len()), (499, 501, 1));
    assert_eq!(all.text(), "y");
    assert_eq!(all.find(":scope > div")?.len(), 499);
    assert!(!all.is_cut());
    Ok(())
}

#[test]
fn a_cut_search_marks_the_whole_chain() -> Result<(), SelectorError> {
    let document = parse(&format!("{}{}", "<div>".repeat(500), "lycosa ".repeat(1_000_000)));
    let found = document.find("div:contains(tarantula)")?;
    assert!(found.is_cut() && found.parent().first().is_cut() && found.union(&document.find("p")?).is_cut());
    assert!(!document.find("div")?.is_cut());
    Ok(())
}

/// The methods of goquery's `Selection` as of version 1.10.
const GOQUERY: &str = "\
    Add AddBack AddBackFiltered AddBackMatcher AddClass AddMatcher AddNodes AddSelection After AfterHtml \
    AfterMatcher AfterNodes AfterSelection AndSelf Append AppendHtml AppendMatcher AppendNodes \
    AppendSelection Attr AttrOr Before BeforeHtml BeforeMatcher BeforeNodes BeforeSelection Children \
    ChildrenFiltered ChildrenMatcher Clone Closest ClosestMatcher ClosestNodes ClosestSelection Contains \
    Contents ContentsFiltered ContentsMatcher Each EachIter EachWithBreak Empty End Eq Filter \
    FilterFunction FilterMatcher FilterNodes FilterSelection Find FindMatcher FindNodes FindSelection \
    First Get Has HasClass HasMatcher HasNodes HasSelection Html Index IndexMatcher IndexOfNode \
    IndexOfSelection IndexSelector Intersection Is IsFunction IsMatcher IsNodes IsSelection Last Length \
    Map Next NextAll NextAllFiltered NextAllMatcher NextFiltered NextFilteredUntil \
    NextFilteredUntilMatcher NextFilteredUntilNodes NextFilteredUntilSelection NextMatcher \
    NextMatcherUntilNodes NextMatcherUntilSelection NextUntil NextUntilMatcher NextUntilNodes \
    NextUntilSelection Not NotFunction NotMatcher NotNodes NotSelection Parent ParentFiltered \
    ParentMatcher Parents ParentsFiltered ParentsFilteredUntil ParentsFilteredUntilMatcher \
    ParentsFilteredUntilNodes ParentsFilteredUntilSelection ParentsMatcher ParentsMatcherUntilNodes \
    ParentsMatcherUntilSelection ParentsUntil ParentsUntilMatcher ParentsUntilNodes \
    ParentsUntilSelection Prepend PrependHtml PrependMatcher PrependNodes PrependSelection Prev PrevAll \
    PrevAllFiltered PrevAllMatcher PrevFiltered PrevFilteredUntil PrevFilteredUntilMatcher \
    PrevFilteredUntilNodes PrevFilteredUntilSelection PrevMatcher PrevMatcherUntilNodes \
    PrevMatcherUntilSelection PrevUntil PrevUntilMatcher PrevUntilNodes PrevUntilSelection Remove \
    RemoveAttr RemoveClass RemoveFiltered RemoveMatcher ReplaceWith ReplaceWithHtml ReplaceWithMatcher \
    ReplaceWithNodes ReplaceWithSelection SetAttr SetHtml SetText Siblings SiblingsFiltered \
    SiblingsMatcher Size Slice Text ToggleClass Union Unwrap Wrap WrapAll WrapAllHtml WrapAllMatcher \
    WrapAllNode WrapAllSelection WrapHtml WrapInner WrapInnerHtml WrapInnerMatcher WrapInnerNode \
    WrapInnerSelection WrapMatcher WrapNode WrapSelection";

#[test]
fn the_table_has_every_method_of_goquery_and_names_only_ours_that_exist() {
    let table = include_str!("../../../../docs/selection.md");
    let source = [
        include_str!("mod.rs"),
        include_str!("narrow.rs"),
        include_str!("read.rs"),
        include_str!("traverse.rs"),
        include_str!("../document/node.rs"),
        include_str!("../text.rs"),
    ]
    .concat();
    let mut listed = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [theirs, ours] = cells[..] else { panic!("{row}") };
        listed.push(theirs.trim_matches('`'));
        let mut named = 0;
        for name in ours.split('`').skip(1).step_by(2) {
            let name = name.split('(').next().unwrap_or(name);
            let name = name.rsplit("::").next().unwrap_or(name);
            let is_type = name.starts_with(|first: char| first.is_uppercase())
                || name.starts_with(['&', 'f']) && name.contains(' ');
            if is_type || name == "&Selector" || name == "break" || name == "for" {
                continue;
            }
            assert!(
                source.contains(&format!("pub fn {name}(")) || source.contains(&format!("pub fn {name}<")),
                "`{name}` of {row} does not exist"
            );
            named += 1;
        }
        assert!(named > 0 || ours.contains("does not change") || ours.contains("`Clone`"), "{row}");
    }
    let wanted: Vec<_> = GOQUERY.split_ascii_whitespace().collect();
    assert_eq!(listed, wanted);
    println!("{} methods of goquery, each with its row", listed.len());
}

#[test]
fn no_text_or_comment_between_siblings_is_passed_twice() {
    let document = parse(&format!("<p id=a></p>{}<p id=b></p>{0}", "<!----> ".repeat(1000)));
    let contents = document.find("body").unwrap().contents();
    assert!(contents.len() > 4000);
    let steps = std::cell::Cell::new(0);
    let counted = |step: fn(NodeRef<'_>) -> Option<NodeRef<'_>>| {
        let steps = &steps;
        move |node| {
            steps.set(steps.get() + 1);
            step(node)
        }
    };
    contents.nearest_siblings(contents.iter(), counted(|node| node.next_sibling()));
    contents.nearest_siblings(contents.iter().rev(), counted(|node| node.previous_sibling()));
    contents.walk_siblings(contents.iter(), counted(|node| node.next_sibling()), |_| false);
    contents.walk_siblings(contents.iter().rev(), counted(|node| node.previous_sibling()), |_| false);
    assert!(steps.get() <= 8 * contents.len(), "{} steps", steps.get());
    assert_eq!(ids(&contents.next()), ["b"]);
    assert_eq!(ids(&contents.prev()), ["a", "b"]);
    assert_eq!(ids(&contents.next_all()), ["b"]);
    assert_eq!(ids(&contents.prev_all()), ["a", "b"]);
    assert_eq!(ids(&contents.next_until("#b").unwrap()), [""; 0]);
}
