//! The functions (XPath 1.0, section 4) and the extensions.

use super::{found, html, text, xml};

/// Expressions and what they give, as text.
fn check(page: &str, rows: &[(&str, &str)]) {
    let document = html(page);
    for (expression, result) in rows {
        assert_eq!(text(&document, expression), *result, "{expression}");
    }
}

#[test]
fn node_set_functions() {
    check(
        "<p id=a class=c>x<b id=b>y</b><p id=d>",
        &[
            ("count(//p)", "2"),
            ("//p[last()]/@id", "d"),
            ("//p[position()=2]/@id", "d"),
            ("local-name(//b)", "b"),
            ("name(//b)", "b"),
            ("name(//B/@ID)", "id"),
            ("namespace-uri(//b)", "http://www.w3.org/1999/xhtml"),
            ("namespace-uri(//@id)", ""),
            ("local-name(//nosuch)", ""),
            ("name(/)", ""),
            ("name(//text())", ""),
            ("//*[name()='b']", "y"),
            ("id('b')", "y"),
            ("count(id('d b  d nosuch'))", "2"),
            ("name(id('d b'))", "b"),
            ("count(id(//@id))", "3"),
            ("count(id(//nosuch))", "0"),
            ("id('a')/b/@id", "b"),
            ("count(id(12))", "0"),
        ],
    );
    let document = xml("<r xml:id='x'><s id='y'/></r>");
    assert_eq!((found(&document, "id('x')").len(), found(&document, "id('y')").len()), (1, 0));
}

#[test]
fn string_functions() {
    check(
        "<p>  a  b <i>c</i></p><b></b>",
        &[
            ("string(//i)", "c"),
            ("string(1.50)", "1.5"),
            ("string(true())", "true"),
            ("//i[string()='c']", "c"),
            ("concat('a', 1, true(), //i)", "a1truec"),
            ("starts-with('abc', 'ab')", "true"),
            ("starts-with('abc', '')", "true"),
            ("starts-with(//i, 'd')", "false"),
            ("contains('abc', 'bc')", "true"),
            ("contains('', '')", "true"),
            ("contains(//nosuch, '')", "true"),
            ("substring-before('1999/04/01', '/')", "1999"),
            ("substring-after('1999/04/01', '/')", "04/01"),
            ("substring-after('1999/04/01', '19')", "99/04/01"),
            ("substring-before('abc', 'x')", ""),
            ("substring-before('abc', '')", ""),
            ("substring-after('abc', '')", "abc"),
            ("substring('12345', 2, 3)", "234"),
            ("substring('12345', 2)", "2345"),
            ("substring('12345', -1, 3)", "1"),
            ("substring(concat('ä', 'öü'), 2, 1)", "ö"),
            ("string-length('äöü')", "3"),
            ("string-length(//i)", "1"),
            ("//i[string-length()=1]", "c"),
            ("normalize-space(//p)", "a b c"),
            ("normalize-space('\u{a0}x ')", "\u{a0}x"),
            ("//p[normalize-space()='a b c']/i", "c"),
            ("translate('bar', 'abc', 'AB')", "BAr"),
            ("translate('--aaa--', 'abc-', 'ABC')", "AAA"),
        ],
    );
}

#[test]
fn boolean_and_number_functions() {
    check(
        "<p lang=en-GB><i>1</i><i>2.5</i></p><p lang=en><b>x</b></p>",
        &[
            ("boolean(0) or boolean('') or boolean(//nosuch) or boolean(0 div 0)", "false"),
            ("boolean(1) and boolean('false') and boolean(//i)", "true"),
            ("not(//nosuch)", "true"),
            ("true()", "true"),
            ("false()", "false"),
            ("count(//i[lang('en')])", "2"),
            ("count(//i[lang('EN-gb')])", "2"),
            ("count(//b[lang('en-GB')])", "0"),
            ("count(//i[lang('e')])", "0"),
            ("count(//body[lang('en')])", "0"),
            ("number(' -1.5 ')", "-1.5"),
            ("number('1e3')", "NaN"),
            ("number('+1')", "NaN"),
            ("number(true())", "1"),
            ("number(//i)", "1"),
            ("number(//nosuch)", "NaN"),
            ("//i[number()=2.5]", "2.5"),
            ("sum(//i)", "3.5"),
            ("sum(//nosuch)", "0"),
            ("1 div sum(//nosuch)", "Infinity"),
            ("sum(//p)", "NaN"),
            ("floor(-1.5)", "-2"),
            ("ceiling(-1.5)", "-1"),
            ("1 div ceiling(-0.5)", "-Infinity"),
            ("round(2.5)", "3"),
            ("round(-2.5)", "-2"),
            ("1 div round(-0.2)", "-Infinity"),
            ("round('x')", "NaN"),
        ],
    );
    let document = xml("<r xml:lang='en'><s/><t lang='de'/></r>");
    assert_eq!(text(&document, "concat(boolean(//s[lang('en')]), boolean(//t[lang('de')]))"), "truefalse");
}

#[test]
fn the_extensions_do_what_scrapers_expect() {
    check(
        "<p id=a class='x  y\tz'>12</p><p id=b class=xy>ab</p><p id=c class='y\u{c}x'>12</p>",
        &[
            ("count(//p[has-class('x')])", "2"),
            ("count(//p[has-class('x', 'y', 'z')])", "1"),
            ("count(//p[has-class(string('x'))])", "2"),
            ("count(//p[has-class('nosuch')])", "0"),
            ("count(//p[re:test(., '^[0-9]+$')])", "2"),
            ("re:test('ABC', 'b')", "false"),
            ("re:test('ABC', 'b', 'i')", "true"),
            ("count(//p[re:test(@id, //p[2]/@id)])", "1"),
            ("re:replace('a1b22', '[0-9]+', '', '#')", "a#b22"),
            ("re:replace('a1b22', '([0-9])+', 'g', '<$1>')", "a<1>b<2>"),
            ("count(set:distinct(//p))", "2"),
            ("set:difference(//p, //p[1])/@id", "b"),
            ("count(set:intersection(//p, //p[. = 12]))", "2"),
            ("set:has-same-node(//p, id('b'))", "true"),
            ("set:has-same-node(//p, //body)", "false"),
            ("set:leading(//p, id('c'))[last()]/@id", "b"),
            ("count(set:leading(//p, //body))", "0"),
            ("count(set:leading(//p, //nosuch))", "3"),
            ("set:trailing(//p, id('b'))/@id", "c"),
            ("count(str:tokenize('2001-06-03T11:40:23', '-T:'))", "6"),
            ("str:tokenize('2001-06-03T11:40:23', '-T:')[4]", "11"),
            ("str:tokenize(' one  two ')[last()]", "two"),
            ("count(str:tokenize('one', ''))", "3"),
            ("string-length(str:tokenize('abc def')[2]/text())", "3"),
            ("name(str:tokenize('one')/self::node())", "token"),
            ("count(str:tokenize('one two')/..)", "0"),
            ("count(str:tokenize('one two')/following::node())", "0"),
            ("str:tokenize('a b c') = 'b'", "true"),
            ("count(set:distinct(str:tokenize('a b a b c')))", "3"),
            ("count(//p | str:tokenize('a b'))", "5"),
            ("sum(str:tokenize('1,2,3', ','))", "6"),
            ("count(//p[str:tokenize(@id, 'x') = 'a'])", "1"),
            ("count(str:split('a, simple, list', ', '))", "3"),
            ("str:split('a-b--c', '-')[3]", "c"),
            ("count(str:tokenize('x')/ancestor-or-self::node())", "1"),
            ("boolean(str:tokenize('x')[lang('en')])", "false"),
            ("str:replace('aXbX', 'X', '--')", "a--b--"),
            ("str:concat(//p)", "12ab12"),
            ("str:padding(5, 'ab')", "ababa"),
            ("str:align('x', '....', 'right')", "...x"),
            ("str:align('abc', '..')", "ab"),
        ],
    );
}

#[test]
fn asking_again_and_again_gives_the_same() {
    // Indexes are made in the course of this; none of them may change an answer.
    let page =
        "<p class=a id=x></p><div><p class=b title=t></p><p class=a></p></div><p class=A></p>".repeat(20);
    let document = html(&page);
    for _ in 0..40 {
        for (expression, count) in [
            ("count(//p[@class='a'])", "40"),
            ("count(//div/p[@class='a'])", "20"),
            ("count(//div//*[@class='a'])", "20"),
            ("count(//*[@class='b'][@title='t'])", "20"),
            ("count(//*[@title='t'] | //p[@class='A'])", "40"),
            ("count(//*[@id='x'])", "20"),
            ("count(id('x'))", "1"),
            ("count(//*[@class='nosuch'] | //*[@nosuch='a'])", "0"),
            ("count(//@class[. = 'a'])", "40"),
        ] {
            assert_eq!(text(&document, expression), count, "{expression}");
        }
    }
    assert!(document.memory() > html(&page).memory(), "indexes count");
}
