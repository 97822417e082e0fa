//! The state of form controls, languages and directions.

use super::{found, parse};

#[test]
fn disabled_fieldsets_disable_all_but_their_first_legend() {
    let document = parse(
        "<fieldset id=f disabled><legend><input id=a></legend><legend><input id=b></legend>
         <fieldset id=g><input id=c></fieldset></fieldset><input id=d><a id=x disabled></a>
         <select><optgroup id=og disabled><option id=o1></optgroup><option id=o2 disabled></select>",
    );
    assert_eq!(found(&document, ":disabled"), ["f", "b", "g", "c", "og", "o1", "o2"]);
    assert_eq!(found(&document, "[id]:enabled"), ["a", "d"]);
}

#[test]
fn one_option_of_a_list_is_selected() {
    let document = parse(
        "<select><option id=a disabled><option id=b><option id=c></select>
         <select><option id=d selected><option id=e selected></select>
         <select multiple><option id=f><option id=g selected><option id=h selected></select>
         <select size=4><option id=i></select><option id=j selected>
         <input type=radio id=k checked><input type=text id=l checked>",
    );
    assert_eq!(found(&document, ":checked"), ["b", "e", "g", "h", "j", "k"]);
    assert_eq!(found(&document, ":default"), ["d", "e", "g", "h", "j", "k"]);
}

#[test]
fn the_first_submit_button_of_a_form_is_its_default() {
    let document = parse(
        "<form><button type=button id=a></button><input type=image id=b><button id=c></button></form>
         <button id=d></button>",
    );
    assert_eq!(found(&document, ":default"), ["b"]);
}

#[test]
fn required_read_only_and_placeholder_follow_the_type() {
    let document = parse(
        "<input id=a required><input id=b type=hidden required><select id=c></select><textarea id=d readonly></textarea>
         <p id=e contenteditable><b id=f></b><i id=g contenteditable=false></i></p>
         <input id=h placeholder=x><input id=i placeholder=x value=y><input id=j type=nosuch placeholder=x>",
    );
    assert_eq!(found(&document, ":required"), ["a"]);
    assert_eq!(found(&document, "[id]:optional"), ["c", "d", "h", "i", "j"]);
    assert_eq!(found(&document, "[id]:read-write"), ["a", "e", "f", "h", "i", "j"]);
    assert_eq!(found(&document, "[id]:read-only"), ["b", "c", "d", "g"]);
    assert_eq!(found(&document, ":placeholder-shown"), ["h", "j"]);
}

#[test]
fn radio_buttons_are_indeterminate_by_the_group() {
    let document = parse(
        "<form><input type=radio name=x id=a><input type=radio name=x id=b checked></form>
         <input type=radio name=x id=c><input type=radio id=d><progress id=e></progress><progress value=1 id=f></progress>",
    );
    // Outside a form the group is the page, which has a checked one.
    assert_eq!(found(&document, ":indeterminate"), ["d", "e"]);
}

#[test]
fn ranges_are_of_numbers_and_times() {
    let control = |kind: &str, min: &str, max: &str, value: &str| {
        let document = parse(&format!("<input id=x type={kind} min='{min}' max='{max}' value='{value}'>"));
        match (found(&document, ":in-range").len(), found(&document, ":out-of-range").len()) {
            (1, 0) => Some(true),
            (0, 1) => Some(false),
            _ => None,
        }
    };
    assert_eq!(control("number", "1", "9", "1e1"), Some(false));
    assert_eq!(control("number", "-1.5", "", "-1.5"), Some(true));
    assert_eq!(control("number", "1", "9", "+3"), Some(true));
    assert_eq!(control("number", "x", "y", "3"), None);
    assert_eq!(control("range", "", "", "101"), Some(false));
    assert_eq!(control("text", "1", "2", "3"), None);
    assert_eq!(control("date", "2024-02-29", "", "2024-02-28"), Some(false));
    assert_eq!(control("date", "2023-02-29", "", "2023-02-28"), None);
    assert_eq!(control("month", "2024-02", "", "2024-01"), Some(false));
    assert_eq!(control("week", "2020-W53", "", "2020-W52"), Some(false));
    assert_eq!(control("week", "2021-W53", "", "2021-W01"), None);
    assert_eq!(control("week", "2026-W53", "", "2026-W52"), Some(false));
    assert_eq!(control("time", "09:00", "17:00", "17:00:01"), Some(false));
    assert_eq!(control("time", "22:00", "06:00", "23:00"), Some(true));
    assert_eq!(control("time", "22:00", "06:00", "12:00"), Some(false));
    assert_eq!(control("datetime-local", "2024-01-01T10:00", "", "2024-01-01T09:59"), Some(false));
    assert_eq!(control("number readonly", "1", "2", "3"), None);
}

#[test]
fn validity_is_what_the_document_alone_can_say() {
    let document = parse(
        "<form id=f><input id=a required><input id=b required value=x><input id=c type=email value=nobody>
         <input id=d type=email value=a@b.c><input id=e type=url value=nowhere><input id=g type=hidden required>
         <select id=h required><option value=''>-</select><input id=i disabled required></form><form id=j></form>",
    );
    assert_eq!(found(&document, ":invalid"), ["f", "a", "c", "e", "h"]);
    assert_eq!(found(&document, ":valid"), ["b", "d", "j"]);
}

#[test]
fn languages_are_inherited_and_filtered() {
    let document = parse(
        "<meta http-equiv=content-language content=fr><p id=a></p><div lang=de-Latn-AT><p id=b></p><p id=c lang=''></p></div>
         <p id=d xml:lang=de></p><svg lang=de><g id=e></g></svg><math xml:lang=de><mi id=f></mi></math>",
    );
    assert_eq!(found(&document, "[id]:lang(fr)"), ["a", "d"]);
    assert_eq!(found(&document, "[id]:lang(de)"), ["b", "e", "f"]);
    assert_eq!(found(&document, "[id]:lang(de-AT, nl)"), ["b"]);
    assert_eq!(found(&document, "[id]:lang('*-AT')"), ["b"]);
    assert_eq!(found(&document, "[id]:lang('')"), ["c"]);
    assert_eq!(found(&parse("<p id=a>"), "p:lang('')"), ["a"]);
}

#[test]
fn directions_are_inherited_and_found_in_text() {
    let document = parse(
        "<div dir=RTL><p id=a></p><input id=b type=tel><bdi id=c>abc</bdi></div><p id=d dir=auto>(1) שלום</p>
         <p id=e dir=auto><script>x</script><b dir=ltr>y</b>ש</p><input id=f dir=auto value=ש><svg><g id=g></g></svg>",
    );
    assert_eq!(found(&document, "[id]:dir(rtl)"), ["a", "d", "e", "f"]);
    assert_eq!(found(&document, "[id]:dir(ltr)"), ["b", "c"]);
    assert!(found(&document, ":dir(up)").is_empty());
}

#[test]
fn elements_are_open_muted_defined_and_linked() {
    let document = parse(
        "<details id=a open></details><dialog id=b></dialog><video id=c muted></video><my-x id=d></my-x>
         <a id=e href=x></a><a id=f></a><svg id=g><a id=h href=x></a></svg><link id=i href=x>",
    );
    assert_eq!(found(&document, ":open"), ["a"]);
    assert_eq!(found(&document, ":muted"), ["c"]);
    assert_eq!(found(&document, "[id]:not(:defined)"), ["d"]);
    assert_eq!(found(&document, ":any-link"), ["e", "h"]);
    assert_eq!(found(&document, ":link"), ["e", "h"]);
}
