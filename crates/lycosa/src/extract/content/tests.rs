//! Typical pages, and pages that nobody would write but to do harm.

use lycosa_dom::{Document, ParseOptions};
use serde_json::json;
use url::Url;

use super::{About, Content, ContentOptions};

fn parsed(html: &str) -> Document {
    Document::parse_html(html, ParseOptions::default())
}

fn text(html: &str) -> String {
    Content::main(&parsed(html), &ContentOptions::default()).to_text()
}

/// A paragraph that reads like prose.
fn prose(about: &str) -> String {
    format!(
        "<p>The {about} spider waits in its burrow, and when something passes, it runs out to seize it. {}</p>",
        "Most nights nothing comes, so it waits again.".repeat(3)
    )
}

#[test]
fn an_article_is_told_from_what_stands_around_it() {
    let page = format!(
        "<title>Wolf spiders | Site</title><body><header><nav><a href=/>Home</a></nav></header>\
         <div class='cookie-banner'>{}</div><div class=page><h1>Wolf spiders</h1><p class=byline>By A. Writer</p>\
         <div class=text>{}{}<p>Read more: <a href=/x>Other spiders</a></p>{}<h3>Related articles</h3><ul><li><a href=/y>Y</a></ul></div>\
         <aside>{}</aside></div><div id=comments>{}</div><footer>{}</footer>",
        prose("cookie"),
        prose("first"),
        prose("second"),
        prose("third"),
        prose("aside"),
        prose("comment"),
        prose("footer"),
    );
    let found = text(&page);
    for wanted in ["first", "second", "third"] {
        assert!(found.contains(&format!("The {wanted} spider")), "{wanted}: {found}");
    }
    for unwanted in ["cookie", "aside spider", "comment", "footer", "Read more", "Related", "Writer", "Home"]
    {
        assert!(!found.contains(unwanted), "{unwanted}: {found}");
    }
    let document = parsed(&page);
    assert!(
        Content::main(&document, &ContentOptions::default())
            .to_markdown(None)
            .starts_with("# Wolf spiders\n\n")
    );
    let options = ContentOptions { comments: true, ..ContentOptions::default() };
    assert!(Content::main(&document, &options).to_text().contains("The comment spider"));
    assert!(Content::whole(&document, &options).to_text().contains("The footer spider"));
}

#[test]
fn a_summary_between_the_title_and_the_text_belongs_to_it() {
    let page = format!(
        "<body><article><header><h1>Night hunters</h1><p class=lead>What a spider does when nobody looks, and why it matters to all who sleep nearby.</p>\
         <p>5 min read</p></header><div class=entry-content>{}{}</div></article>",
        prose("one"),
        prose("two"),
    );
    let found = text(&page);
    assert!(found.starts_with("What a spider does when nobody looks"), "{found}");
    assert!(found.contains("The two spider") && !found.contains("min read"), "{found}");
}

#[test]
fn a_forum_of_comments_and_a_list_of_links_are_content_too() {
    let posts: String =
        (0..8).map(|n| format!("<div class=comment>{}</div>", prose(&format!("number{n}")))).collect();
    let found = text(&format!("<body><nav><a href=/>Forum</a></nav><div id=thread>{posts}</div>"));
    assert!((0..8).all(|n| found.contains(&format!("number{n}"))), "{found}");
    let links: String = (0..30).map(|n| format!("<li><a href=/{n}>Document {n}</a>")).collect();
    let found =
        text(&format!("<body><nav><a href=/>Home</a></nav><main><h1>Documents</h1><ul>{links}</ul></main>"));
    assert!(
        found.contains("Document 0") && found.contains("Document 29") && !found.contains("Home"),
        "{found}"
    );
}

#[test]
fn documentation_keeps_its_code_and_its_tables() {
    let page = format!(
        "<body><div class=sidebar><ul><li><a href=/a>A</a><li><a href=/b>B</a></ul></div><main role=main><h1>Install</h1>{}\
         <pre><code class=language-sh>cargo install lycosa\n</code></pre><table><tr><th>Flag<th>Meaning<tr><td>-v<td>Say more</table>{}</main>",
        prose("first"),
        prose("last"),
    );
    let markdown = Content::main(&parsed(&page), &ContentOptions::default()).to_markdown(None);
    assert!(markdown.contains("```sh\ncargo install lycosa\n```"), "{markdown}");
    assert!(markdown.contains("| Flag | Meaning |\n| --- | --- |\n| -v | Say more |"), "{markdown}");
    assert!(!markdown.contains("[A]"), "{markdown}");
}

#[test]
fn clean_html_has_no_scripts_and_absolute_addresses() {
    let document = parsed(
        "<body><p class=x onclick=y()>A <a href=/b style=z>b</a> <a href='javascript:x()'>c</a><script>d</script>\
         <img src=i.png onerror=z alt='\"'><pre>1 &lt; 2</pre><font>e</font>",
    );
    let content = Content::whole(&document, &ContentOptions::default());
    assert_eq!(
        content.to_html(Some(&Url::parse("http://s.test/d/").unwrap())),
        "<p>A <a href=\"http://s.test/b\">b</a> c<img src=\"http://s.test/d/i.png\" alt=\"&quot;\"></p>\n\
         <pre>1 &lt; 2</pre>\ne"
    );
}

#[test]
fn options_leave_out_links_images_and_tables() {
    let document = parsed(
        "<body><p><a href=/x>link</a> <img src=/i.png></p><table><tr><td>1<td>2<tr><td>3<td>4</table>",
    );
    let options = ContentOptions { links: false, images: false, tables: false, ..ContentOptions::default() };
    assert_eq!(Content::whole(&document, &options).to_markdown(None), "link\n");
}

#[test]
fn facts_of_a_text_come_from_head_data_and_page() {
    let document = parsed(
        "<html lang=de><title>Wölfe - Zeitung</title><meta property=og:site_name content=Zeitung>\
         <script type='application/ld+json'>{\"@graph\": [{\"@type\": \"NewsArticle\", \"author\": [{\"name\": \"A\"}, {\"name\": \"B\"}],\
         \"datePublished\": \"2026-01-02\"}]}</script><link rel=canonical href=/w>",
    );
    let about = About::of(&document, Some(&Url::parse("http://z.test/x").unwrap()));
    assert_eq!(
        json!(about),
        json!({"title": "Wölfe", "url": "http://z.test/w", "author": "A, B", "date": "2026-01-02", "lang": "de",
               "site": "Zeitung", "description": null})
    );
    assert!(about.front_matter().starts_with("---\ntitle: \"Wölfe\"\nurl: \"http://z.test/w\"\n"));
    let plain = parsed(
        "<title>\"x\"\n: y</title><a rel=author href=/a> An  Author </a><time datetime=2020>then</time>",
    );
    let about = About::of(&plain, None);
    assert_eq!((about.author.as_deref(), about.date.as_deref()), (Some("An Author"), Some("2020")));
    assert!(about.front_matter().contains("title: \"\\\"x\\\" : y\"\n"));
}

#[test]
fn hostile_pages_end_and_do_not_multiply() {
    let long_link = format!("<a href='/{}'>{}", "x".repeat(8000), "<div>y</div>".repeat(20_000));
    let pages = [
        "<div>".repeat(200_000),
        "<div>a".repeat(100_000),
        "<blockquote><ul><li>a".repeat(60_000),
        "<p>a</p>".repeat(300_000),
        "<b><i>a".repeat(20_000),
        "<article>text, and more of it.".repeat(50_000),
        "<table><tr><td>a".repeat(20_000),
        format!("<table>{}{}", "<td colspan=1000 rowspan=65534>a".repeat(5_000), "<tr><td>b".repeat(20_000)),
        format!("<table><tr>{}{}", "<td>a".repeat(20_000), "<tr>".repeat(20_000)),
        format!("<p class='{}'>a", "share ".repeat(200_000)),
        format!("<pre>{}", "`".repeat(1_000_000)),
        format!("<p>{}", "<a href=/x>*</a>_[".repeat(50_000)),
        format!("<h1>{}", "<br>a".repeat(100_000)),
        long_link,
    ];
    let url = Url::parse("http://site.test/").unwrap();
    for page in &pages {
        let document = parsed(page);
        for content in [
            Content::main(&document, &ContentOptions::default()),
            Content::whole(&document, &ContentOptions::default()),
        ] {
            let bound = 64 * page.len() + (40 << 20);
            let sizes = [
                content.to_markdown(Some(&url)).len(),
                content.to_html(Some(&url)).len(),
                content.to_text().len(),
            ];
            assert!(sizes.iter().all(|size| *size < bound), "{sizes:?} of {}", page.len());
        }
    }
}

#[test]
fn nothing_is_no_content() {
    for page in ["", "<script>x</script>", "<body hidden>", "<p> </p>"] {
        assert_eq!(text(page), "");
        assert_eq!(Content::main(&parsed(page), &ContentOptions::default()).to_markdown(None), "");
    }
}

#[test]
fn a_title_that_is_written_first_does_not_come_again() {
    let links: String = (0..9).map(|n| format!("<a href=/{n}>p{n}</a> ")).collect();
    let late =
        format!("<div><h2>Other</h2>{}<h3> Home\n <b>page</b></h3>{}</div>", prose("one"), prose("two"));
    for (page, title) in [
        (format!("<title>Home</title><h1>Home</h1>{links}"), "Home"),
        (format!("<title>Home page</title><header><h1>Home page</h1></header>{late}"), "Home page"),
        (format!("<title>Home page</title>{late}"), "Home page"),
    ] {
        let document = parsed(&page);
        let content = Content::main(&document, &ContentOptions::default());
        let (markdown, html) = (content.to_markdown(None), content.to_html(None));
        assert!(markdown.starts_with(&format!("# {title}\n\n")), "{markdown}");
        assert_eq!(markdown.matches("Home").count(), 1, "{markdown}");
        assert_eq!(html.matches("Home").count(), 1, "{html}");
    }
    let page =
        format!("<title>Home</title><h1>Home</h1>{}<h2>Homes</h2>{}<h2>Home</h2>x", prose("a"), prose("b"));
    let document = parsed(&page);
    let markdown = Content::main(&document, &ContentOptions::default()).to_markdown(None);
    assert!(markdown.contains("## Homes"), "only what is equal is left out: {markdown}");
}

#[test]
fn headings_in_one_another_are_read_once() {
    let page = format!("<title>Deep</title><h1>Deep</h1>{}{}", "<h2><div>x".repeat(20_000), prose("end"));
    assert!(Content::main(&parsed(&page), &ContentOptions::default()).to_markdown(None).contains("# Deep"));
}

#[test]
fn control_characters_are_no_part_of_markdown() {
    let page = format!(
        "<title>T\u{1b}]0;x\u{7}itle</title><h1>T\u{1b}]0;x\u{7}itle</h1>{}<p>red\u{1b}[31m \u{9b}2J<code>c\u{8}d</code>\
         <a href='/a\u{1b}b'>link</a> <img src=i alt='al\u{1b}t'></p><pre>x\u{1b}\ty\r\nz\u{7f}</pre><p>\u{1}1. one</p>",
        prose("one")
    );
    let document = parsed(&page);
    let markdown = Content::main(&document, &ContentOptions::default()).to_markdown(None);
    assert!(!markdown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{markdown:?}");
    assert!(
        markdown.contains("x\ty\nz") && markdown.contains("red\\[31m") && markdown.contains("`cd`"),
        "{markdown}"
    );
    assert!(markdown.contains("1\\. one"), "what is left is escaped as it will stand: {markdown}");
}
