//! What the writer says, and what a parser of other make reads out of it.

use lycosa_dom::{Document, ParseOptions};
use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use url::Url;

use super::*;
use crate::corpus;
use crate::extract::content::ContentOptions;

fn parsed(html: &str) -> Document {
    Document::parse_html(html, ParseOptions::default())
}

fn page() -> Url {
    Url::parse("http://site.test/dir/page").unwrap()
}

fn written(html: &str) -> String {
    Content::whole(&parsed(html), &ContentOptions::default()).to_markdown(Some(&page()))
}

#[track_caller]
fn assert_written(html: &str, wanted: &str) {
    assert_eq!(written(html).trim_end_matches('\n'), wanted, "{html}");
}

#[test]
fn blocks_stand_apart_and_inline_markup_is_kept() {
    assert_written(
        "<h1>A <em>b</em></h1><p>One <b>two</b> <i>three</i>\n four.<p>x<br>y<hr><blockquote><p>q<p>r</blockquote>",
        "# A *b*\n\nOne **two** *three* four.\n\nx\\\ny\n\n***\n\n> q\n>\n> r",
    );
    assert_written(
        "<p>H<sub>2</sub>O, <del>old</del> m<sup>2</sup>",
        "H<sub>2</sub>O, ~~old~~ m<sup>2</sup>",
    );
    assert_written("<b> a </b>b<b></b><i>c</i>", "**a** b*c*");
    assert_written("<b>a</b><b>b</b> <b>c <i>d</i></b>", "**ab** **c *d***");
    assert_written("x<b>(y)</b>z", "x(y)z");
}

#[test]
fn links_and_images_are_absolute_and_never_run_scripts() {
    assert_written(
        "<a href='../x y?a&copy=1'>A <b>b</b></a> <a href='javascript:x()'>no</a> <a href='#f'>f</a>",
        "[A **b**](http://site.test/x%20y?a\\&copy=1) no [f](http://site.test/dir/page#f)",
    );
    assert_written("wow!<a href=/a_(b)>c</a>", "wow\\![c](<http://site.test/a_(b)>)");
    assert_written(
        "<img alt='a [b]' src=i.png><img src='data:image/gif;base64,x' data-src=/lazy.png><img src='data:,'>",
        "![a \\[b\\]](http://site.test/dir/i.png)![](http://site.test/lazy.png)",
    );
    assert_written(
        "<a href=/c><h3>Card</h3><p>Text</p></a>",
        "### [Card](http://site.test/c)\n\n[Text](http://site.test/c)",
    );
    assert_written(
        "<figure><img src=/i.png><figcaption>Cap</figcaption></figure>",
        "![](http://site.test/i.png)\n\n*Cap*",
    );
}

#[test]
fn lists_nest_and_keep_their_numbers() {
    assert_written("<ul><li>a<ul><li>b<li>c</ul><li>d</ul>", "- a\n  - b\n  - c\n- d");
    assert_written("<ol start=9><li>a<li>b<p>c</ol>", "9. a\n\n10. b\n\n    c");
    assert_written("<ul><li>a</ul><ul><li>b</ul><ol><li>c</ol>", "- a\n\n+ b\n\n1. c");
    assert_written("<ul><li>a<ol start=3><li>b</ol></ul>", "- a\n\n  3. b");
    assert_written("<ol>a<li><ol start=3><li>b</ol></ol>", "a\n\n1. 3. b");
    assert_written("<ul><li><pre>x\n\ny</pre></ul>", "- ```\n  x\n\n  y\n  ```");
    assert_written("<dl><dt>T<dd>d<dd>e<dt>U</dl>", "**T**\n- d\n- e\n\n**U**");
}

#[test]
fn code_is_as_it_stands() {
    assert_written(
        "<pre class='highlight'><code class='language-rust'>fn  main() {\n\n    // ```\n}\n</code></pre>",
        "````rust\nfn  main() {\n\n    // ```\n}\n````",
    );
    assert_written("<div class='highlight-python'><pre>x = 1</pre></div>", "```python\nx = 1\n```");
    assert_written("a <code>b`c *d*</code> <code>`</code>", "a ``b`c *d*`` `` ` ``");
    assert_written("<a href=/f><code>f()</code></a>", "[`f()`](http://site.test/f)");
}

#[test]
fn tables_of_data_are_tables_and_layouts_are_not() {
    assert_written(
        "<table><caption>C</caption><tr><th>a<th>b|c<tr><td>1<br>2<td><ul><li>x<li>y</ul></table>",
        "C\n\n| a | b\\|c |\n| --- | --- |\n| 1<br>2 | x<br>y |",
    );
    assert_written(
        "<table><tr><th colspan=2>a<th>b<tr><td rowspan=2>1<td>2<td>3<tr><td>4<td>5</table>",
        "| a |  | b |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n|  | 4 | 5 |",
    );
    assert_written(
        "<table><tr><td>1<td>2<tr><td>3<td>4</table>",
        "|  |  |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |",
    );
    assert_written("<table><tr><td><h2>a</h2><td><p>b</table>", "## a\n\nb");
}

#[test]
fn formulas_are_their_tex() {
    assert_written("<math alttext='a_1*b'><mi>a</mi></math>", "$`a_1*b`$");
    assert_written(
        "<math><semantics><mi>a</mi><annotation encoding='application/x-tex'>\\alpha</annotation></semantics></math>",
        "$`\\alpha`$",
    );
}

/// What a reader of Markdown finds.
#[derive(Debug, Default, PartialEq)]
struct Found {
    /// All text, white space left out.
    text: String,
    links: Vec<String>,
    images: Vec<String>,
    code: Vec<String>,
    /// Raw markup.
    raw: Vec<String>,
    /// `u`, `o` with the number, `.` for an item, `)` at a list's end.
    lists: String,
}

impl Found {
    fn push(&mut self, text: &str) {
        self.text.extend(text.chars().filter(|c| !c.is_ascii_whitespace() && *c != '\u{b}'));
    }

    fn link(&mut self, address: &str) {
        if self.links.last().is_none_or(|last| last != address) {
            self.links.push(address.to_owned());
        }
    }
}

fn read(markdown: &str) -> Found {
    let mut found = Found::default();
    let (mut in_image, mut in_code) = (0, false);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => {
                in_image += 1;
                found.images.push(dest_url.into_string());
            }
            Event::End(TagEnd::Image) => in_image -= 1,
            Event::Start(Tag::Link { dest_url, .. }) => found.link(&dest_url),
            Event::Start(Tag::CodeBlock(kind)) => {
                assert!(matches!(kind, CodeBlockKind::Fenced(_)), "{markdown}");
                in_code = true;
                found.code.push(String::new());
            }
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::List(start)) => match start {
                Some(number) => found.lists.push_str(&format!("o{number}")),
                None => found.lists.push('u'),
            },
            Event::Start(Tag::Item) => found.lists.push('.'),
            Event::End(TagEnd::List(_)) => found.lists.push(')'),
            Event::Text(text) if in_code => {
                found.push(&text);
                found.code.last_mut().unwrap().push_str(&text);
            }
            Event::Text(_) | Event::Code(_) if in_image > 0 => {}
            Event::Text(text) | Event::Code(text) => found.push(&text),
            Event::Html(raw) | Event::InlineHtml(raw) => found.raw.push(raw.into_string()),
            _ => {}
        }
    }
    found
}

/// What the source says, by a walk of its own.
fn source(content: &Content<'_>) -> Found {
    let mut found = Found::default();
    let mut addresses = Addresses::new(content.document, Some(&page()));
    let mut walk = content.walk();
    let mut link: Option<(String, std::ops::Range<u32>)> = None;
    while let Some(step) = walk.next() {
        let (node, enters) = match step {
            Step::Enter(node) => (node, true),
            Step::Leave(node) => (node, false),
        };
        let number = node.id().number();
        link = link.filter(|(_, range)| range.contains(&number));
        match content.kind(node) {
            Kind::Quotation => {
                found.push("\"");
                if let Some((address, _)) = &link {
                    found.link(address);
                }
            }
            _ if !enters => {}
            Kind::Control | Kind::Media => walk.pass_over(),
            Kind::Text => {
                found.push(node.text());
                let is_blank =
                    node.text().trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}').is_empty();
                if let Some((address, _)) = link.as_ref().filter(|_| !is_blank) {
                    found.link(address);
                }
            }
            Kind::Link => link = addresses.link(node).map(|address| (address, node.range())),
            Kind::Image => {
                if let Some(address) = addresses.image(node) {
                    found.images.push(address);
                    if let Some((address, _)) = &link {
                        found.link(address);
                    }
                }
            }
            Kind::Preformatted => {
                let text = code::text(node);
                if !text.trim().is_empty() {
                    found.push(&text);
                    found.code.push(text);
                }
                walk.pass_over();
            }
            Kind::Math => {
                let mut writer = Writer::new(content, None);
                if writer.formula(node) {
                    let mut formula = String::new();
                    writer.line.write(Place::Heading, &mut formula);
                    found.push(&formula.replace('`', ""));
                    walk.pass_over();
                }
            }
            _ => {}
        }
    }
    found
}

/// Where two texts part, for people.
fn difference(one: &str, other: &str) -> String {
    let at = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| text.chars().skip(at.saturating_sub(30)).take(80).collect::<String>();
    format!("{:?}\n{:?}", around(one), around(other))
}

fn check(html: &str) -> Result<(), String> {
    let document = parsed(html);
    let content = Content::whole(&document, &ContentOptions::default());
    let markdown = content.to_markdown(Some(&page()));
    let (found, wanted) = (read(&markdown), source(&content));
    let in_code = |text: &str| format!("{}\n", text.strip_suffix('\n').unwrap_or(text));
    // Control characters are no part of Markdown.
    let kept = |text: &str| text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "");
    if found.text != kept(&wanted.text) {
        return Err(format!("text:\n{}", difference(&found.text, &kept(&wanted.text))));
    }
    let code: Vec<_> = wanted.code.iter().map(|text| in_code(&kept(text))).collect();
    let read: Vec<_> = found.code.iter().map(|text| in_code(text)).collect();
    if read != code {
        return Err(format!("code: {read:?}\n{code:?}"));
    }
    if found.images != wanted.images {
        return Err(format!("images: {:?}\n{:?}", found.images, wanted.images));
    }
    if found.links != wanted.links {
        let at = found.links.iter().zip(&wanted.links).take_while(|(a, b)| a == b).count();
        return Err(format!("links: {:?} {:?}", found.links.get(at), wanted.links.get(at)));
    }
    let known = ["<sub>", "</sub>", "<sup>", "</sup>", "<br>"];
    if let Some(raw) = found.raw.iter().find(|raw| !known.contains(&raw.as_str())) {
        return Err(format!("raw markup: {raw}"));
    }
    Ok(())
}

#[test]
fn a_parser_reads_back_what_real_pages_say() {
    let Some(files) = corpus::archive("pages/pages.tar.zst") else { return };
    let (mut read, mut different) = (0, Vec::new());
    for (name, bytes) in
        files.iter().filter(|(name, _)| name.ends_with(".html") && !name.contains("expected"))
    {
        let html = lycosa_dom::decode(bytes, None, None).text;
        match check(&html) {
            Ok(()) => read += 1,
            Err(why) => different.push(format!("{name}: {why}")),
        }
    }
    println!("Markdown: {read} pages read back, {} not", different.len());
    different.iter().take(60).for_each(|page| println!("{page}"));
    assert!(different.is_empty());
}

#[test]
fn a_tilde_beside_a_mark_of_tildes_does_not_join_it() {
    for html in ["<p><s>~1. </s>", "<p>x<s>~1</s>~2", "<p>about ~5"] {
        assert_eq!(check(html), Ok(()), "{}", written(html));
    }
}

/// Tags that open and close in any order, parted by commas.
const TAGS: &str = "<p>,<div>,</div>,<b>,</b>,<i>,</i>,<s>,</s>,<code>,</code>,<a href=/x>,</a>,<a href='y(z)*_&amp;|'>,\
    <ul>,</ul>,<ol start=3>,<ol>,</ol>,<li>,</li>,<blockquote>,</blockquote>,<br>,<hr>,<h2>,</h2>,<h6>,<pre>,</pre>,<sub>,\
    </sub>,<sup>,</sup>,<table>,<tr>,<td>,<th>,</table>,<td colspan=2 rowspan=2>,<img src=/i.png alt='*]('>,<dl>,<dt>,<dd>,\
    </dl>,<q>,</q>,<figure>,<figcaption>,</figure>,<table><caption>,<article>,</article>";
/// Text full of markup, parted by `@`.
const TEXTS: &str = "a@word@ @\n@*@**@_@__@`@``@~@~~@[@]@(@)@!@#@# @+ @- @1. @2) @&gt;@&lt;@&amp;@&amp;amp;@&lt;b&gt;@&lt;!--@\\@|@\
    ---@===@:-@|-|@\u{a0}@é@。@「@中@```@~~~@\t@    @http://x.test@[x]: y@[^1]@$@^@=@:@\"@'@.@,@5@\u{301}@\u{b}@\u{200b}@😀";

fn generated() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(TAGS.split(',').collect::<Vec<_>>());
    let text = prop::sample::select(TEXTS.split('@').collect::<Vec<_>>());
    prop::collection::vec(prop_oneof![2 => tag, 3 => text], 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2000), ..ProptestConfig::default() })]

    #[test]
    fn a_parser_reads_back_what_any_page_says(html in generated()) {
        if let Err(why) = check(&html) {
            prop_assert!(false, "{why}\n{}", written(&html));
        }
    }
}

/// What a list is to a reader: `u` or `o` with its number, its items, its end; source of one and Markdown of the other.
fn lists(depth: u32) -> BoxedStrategy<(String, String)> {
    if depth == 0 {
        return Just((String::new(), String::new())).boxed();
    }
    let item =
        (prop::sample::select(vec!["x", "*", "1. y", "- z", "<b>b</b> c", "`", "a<br>b"]), lists(depth - 1))
            .prop_map(|(text, (html, read))| (format!("<li>{text}{html}"), format!(".{read}")));
    let items =
        prop::collection::vec(item, 1..4).prop_map(|items| items.into_iter().unzip::<_, _, Vec<_>, Vec<_>>());
    (prop::option::of(1_u32..30), items)
        .prop_map(|(start, (html, read))| match start {
            Some(start) => {
                (format!("<ol start={start}>{}</ol>", html.concat()), format!("o{start}{})", read.concat()))
            }
            None => (format!("<ul>{}</ul>", html.concat()), format!("u{})", read.concat())),
        })
        .boxed()
}

proptest! {
    #[test]
    fn lists_keep_their_structure(
        one in lists(3), other in lists(2), between in prop::sample::select(vec!["", "<p>text"])
    ) {
        let html = format!("{}{between}{}", one.0, other.0);
        let markdown = written(&html);
        prop_assert_eq!(read(&markdown).lists, one.1 + &other.1, "{}\n{}", html, markdown);
    }
}
