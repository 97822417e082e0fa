//! Expressions of users: what the dialects mean, what is refused and why, and that every expression from the wild
//! is one or the other and searches in bounded time.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::{Pattern, PatternErrorKind as Kind, PatternLimits, PatternSet, attack, dialect};
use crate::corpus;

fn compile(source: &str) -> Pattern {
    Pattern::compile(source, &PatternLimits::default()).unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn refused(source: &str) -> (Kind, Option<usize>) {
    let error = Pattern::compile(source, &PatternLimits::default()).unwrap_err();
    (error.kind, error.column)
}

#[test]
fn the_common_dialects_mean_the_same() {
    for (source, text, expected) in [
        (r"https?:\/\/[^\/]+", "see http://a.b/c", "http://a.b"),
        (r"(?<year>\d{4})", "in 2024", "2024"),
        (r"(?P<year>\d{4})", "in 2024", "2024"),
        (r"(?'year'\d{4})", "in 2024", "2024"),
        (r"\<b\>", "a <b>", "<b>"),
        (r"[[a]+", "x[a[", "[a["),
        (r"[a&&b]+", "x&a&b", "&a&b"),
        (r"[+--]+", "x+,-", "+,-"),
        (r"[~~a]+", "x~a", "~a"),
        (r"[\w-.]+", "(a-b.c)", "a-b.c"),
        (r"[a-\d]+", "xa-1", "a-1"),
        (r"[]a]+", "x]a", "]a"),
        (r"[^]a]+", "]ax", "x"),
        (r"[[:digit:]x]+", "a1x2", "1x2"),
        (r"[\w&&[^\d]]+", "1ab2", "ab"),
        (r"[\[\]]+", "a[]", "[]"),
        (r"[\b]", "a\u{8}", "\u{8}"),
        (r"a{", "a{1", "a{"),
        (r"{foo}", "a{foo}", "{foo}"),
        (r"a{2}", "aaa", "aa"),
        (r"ba{,2}", "baaa", "baa"),
        (r"a{1,}?", "aaa", "a"),
        (r"end\Z", "the end", "end"),
        (r"\Aa\z", "a", "a"),
        (r"a\hb\R\N", "a\tb\r\nc", "a\tb\r\nc"),
        (r"[\h\d]+", "a 1", " 1"),
        (r"\H+", " ab ", "ab"),
        (r"\Qa.b*\E+", "a.b**", "a.b**"),
        (r"\x41\u0042\x{43}\u{44}\x45", "ABCDE", "ABCDE"),
        (r"\e\cA\0\012\t", "\u{1b}\u{1}\0\n\t", "\u{1b}\u{1}\0\n\t"),
        (r"[\1\012]+", "\u{1}\n", "\u{1}\n"),
        (r"a(?#it's a [note)b", "ab", "ab"),
        (
            r"(?x) a # comment ( [ \1
            b [ ] \ c",
            "ab  c",
            "ab  c",
        ),
        (r"(?x: a ) b", "a b", "a b"),
        (r"\é\'\-\ \_", "é'- _", "é'- _"),
        (r"(?i)ABC", "xabc", "abc"),
        (r"\p{Greek}\pL", "aλβ", "λβ"),
        (r"[\p{Lu}\-]+", "aB-C", "B-C"),
        (r"a|^|b", "xa", ""),
        (r"a\b{", "a{", "a{"),
    ] {
        assert_eq!(compile(source).find(text), Some(expected), "{source}");
    }
}

#[test]
fn a_search_from_a_place_knows_what_stands_before_it() {
    let text = "é1 e22";
    let number = compile(r"(?:^|\b)(\w)(\d+)(x)?");
    assert_eq!(number.find_from(text, 0), Some(0..3));
    assert_eq!(number.find_from(text, 2), Some(4..7), "`1` begins neither the text nor a word");
    assert_eq!(number.groups_from(text, 3), Some(vec![Some("e"), Some("22"), None]));
    assert_eq!(compile("$").find_from(text, text.len()), Some(7..7));
    for outside in [1, text.len() + 1, usize::MAX] {
        assert_eq!((number.find_from(text, outside), number.groups_from(text, outside)), (None, None));
    }
}

#[test]
fn what_needs_backtracking_is_refused_by_its_name() {
    for (source, kind, column) in [
        (r"(a)\1", Kind::Backreference, 4),
        (r"(?<é>a)\k<é>", Kind::Backreference, 8),
        (r"(?P<a>a)(?P=a)", Kind::Backreference, 9),
        (r"é(?=b)", Kind::LookAround, 2),
        (r"a(?!b)", Kind::LookAround, 2),
        (r"(?<=a)b", Kind::LookAround, 1),
        (r"(?<!a)b", Kind::LookAround, 1),
        (r"a*+", Kind::Possessive, 3),
        (r"a++b", Kind::Possessive, 3),
        (r"a?+b", Kind::Possessive, 3),
        (r"a{2,3}+b", Kind::Possessive, 7),
        (r"(?>a)", Kind::Atomic, 1),
        (r"a(?R)", Kind::Recursion, 2),
        (r"(a)(?1)", Kind::Recursion, 4),
        (r"(?&a)", Kind::Recursion, 1),
        (r"(a)?(?(1)b|c)", Kind::Conditional, 5),
        (r"(?|a|b)", Kind::Unsupported, 1),
        (r"a\Kb", Kind::Unsupported, 2),
        (r"(*SKIP)a", Kind::Unsupported, 1),
        (r"\p{Klingon}", Kind::Unsupported, 1),
        (r"\i", Kind::Unsupported, 1),
        (r"a(b", Kind::Syntax, 2),
        (r"éa)", Kind::Syntax, 3),
        (r"\h\h)", Kind::Syntax, 5),
        (r"a[bc", Kind::Syntax, 2),
        (r"*a", Kind::Syntax, 1),
        (r"a|{2}", Kind::Syntax, 3),
        (r"a**", Kind::Syntax, 3),
        (r"[z-a]", Kind::Syntax, 2),
        (r"a{3,2}", Kind::Syntax, 2),
        (r"a\", Kind::Syntax, 2),
        (r"\x{110000}", Kind::Syntax, 1),
        (r"(?<n>a)(?<n>b)", Kind::Syntax, 11),
    ] {
        assert_eq!(refused(source), (kind, Some(column)), "{source}");
    }
    let error = Pattern::compile("a(?=b)", &PatternLimits::default()).unwrap_err();
    assert_eq!(error.to_string(), "at character 2: look-ahead is not supported");
    assert!(error.hint().unwrap().contains("put a group around"));
}

#[test]
fn what_grows_too_large_is_refused() {
    for source in
        [r"(a{1000}){1000}", r"((a{100}){100}){100}", r"\w{1000}", r"(\p{L}{50}){50}", r"(?i)[^\x00]{4000}"]
    {
        assert_eq!(refused(source), (Kind::TooLarge, None), "{source}");
    }
    assert_eq!(refused(&"a".repeat(17 << 10)), (Kind::TooLong, None));
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(refused(&deep(120)).0, Kind::TooDeep);
    assert!(Pattern::compile(&deep(90), &PatternLimits::default()).is_ok());
    let small = PatternLimits::with_size(10_000);
    assert_eq!(Pattern::compile(r"\w+", &small).unwrap_err().kind, Kind::TooLarge);
    assert!(Pattern::compile("[a-z]+", &small).is_ok());
}

#[test]
fn a_capture_is_the_first_group_that_took_part() {
    assert_eq!(compile("(a)|(b)").capture("xb"), Some("b"));
    assert_eq!(compile("a(b)?").capture("xa"), Some("a"));
    assert_eq!(compile("ab").capture("xab"), Some("ab"));
    assert_eq!(compile("ab").capture("x"), None);
}

#[test]
fn a_set_tells_the_first_and_the_one_that_is_wrong() {
    let limits = PatternLimits::default();
    let set = PatternSet::compile(&[r"\/b\/", "a", "b"], &limits).unwrap();
    assert_eq!(
        (set.first_match("ab"), set.first_match("/b/"), set.first_match("c")),
        (Some("a"), Some(r"\/b\/"), None)
    );
    assert!(set.is_match("xb") && !set.is_match("x"));
    assert!(!PatternSet::compile::<&str>(&[], &limits).unwrap().is_match("x"));
    let (place, error) = PatternSet::compile(&["a", r"(a)\1"], &limits).unwrap_err();
    assert_eq!((place, error.kind), (Some(1), Kind::Backreference));
    let (place, error) = PatternSet::compile(&vec![r"\w{20}"; 30], &limits).unwrap_err();
    assert_eq!((place, error.kind), (None, Kind::TooLarge));
}

proptest! {
    #[test]
    fn whatever_is_written_compiles_or_is_refused(source in r"[\\\[\](){}?*+^$|:<>=!&~#abcdhxuQEZ0-9 \n,'-]{0,30}") {
        if let Err(error) = Pattern::compile(&source, &PatternLimits::default()) {
            let length = source.chars().count();
            prop_assert!(error.column.is_none_or(|column| (1..=length.max(1) + 1).contains(&column)), "{source}: {error}");
        }
    }

    #[test]
    fn a_literal_finds_itself(text in r"\PC{1,20}") {
        let source: String = text.chars().map(super::class::literal).collect();
        prop_assert_eq!(compile(&source).find(&text), Some(&*text));
        let quoted = format!("\\Q{}\\E", text.replace("\\E", ""));
        prop_assert!(compile(&quoted).is_match(&text.replace("\\E", "")));
    }
}

/// The patterns of the corpus.
fn wild() -> Vec<String> {
    let files = ["regex/regex101.txt.zst", "regex/regexlib.txt.zst"];
    let texts = files.iter().filter_map(|name| corpus::read(name));
    texts
        .flat_map(|bytes| String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_pattern_from_the_wild_compiles_or_is_refused_with_a_reason() {
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for source in wild() {
        let verdict = match Pattern::compile(&source, &PatternLimits::default()) {
            Ok(_) => "compiles",
            Err(error) => {
                assert!(!error.message.is_empty(), "{source}");
                if std::env::var_os("LYCOSA_PATTERNS_LIST").is_some() {
                    println!("{}\t{source}\t{error}", error.kind.as_str());
                }
                error.kind.as_str()
            }
        };
        *verdicts.entry(verdict).or_default() += 1;
    }
    println!("{verdicts:?}");
}

/// The address pattern that half the web copies: most of a second for 100 KB with a letter beyond ASCII in it.
#[test]
fn a_word_boundary_beside_a_wide_repetition_is_refused_and_its_ascii_form_is_not() {
    let compile = |source: &str| Pattern::compile(source, &PatternLimits::default());
    let error = compile(r"(https?:\/\/)?[-a-zA-Z0-9@:%._\+~#=]{2,256}\.[a-z]{2,6}\b").unwrap_err();
    assert_eq!((error.kind, error.column), (Kind::WideBoundary, None));
    assert!(error.hint().unwrap().contains(r"(?-u:\b)"));
    let address = compile(r"(https?:\/\/)?[-a-zA-Z0-9@:%._\+~#=]{2,256}\.[a-z]{2,6}(?-u:\b)").unwrap();
    assert_eq!(address.find("see www.example.org, é"), Some("www.example.org"));
    assert!(compile(r"\b\w{1,20}\b").is_ok() && compile(r"\b(one|two|three)\b").is_ok());
}

/// Searches the attack strings of every pattern from the wild and prints the slowest. How long a search takes
/// depends on the machine, so this runs only when asked: `LYCOSA_PATTERNS_TIMED=1`, in release; a larger number
/// takes every so manieth pattern.
#[test]
#[expect(clippy::disallowed_methods, reason = "a measurement, made on request")]
fn no_pattern_from_the_wild_is_slow_on_its_own_attack_strings() {
    const LENGTH: usize = 100_000;
    const MOST: Duration = Duration::from_millis(50);
    let Some(step) = std::env::var("LYCOSA_PATTERNS_TIMED").ok().and_then(|step| step.parse().ok()) else {
        return println!("skipped: LYCOSA_PATTERNS_TIMED is not set");
    };
    let (mut slowest, mut captures) = (Vec::new(), Vec::new());
    let (mut patterns, mut searches) = (0, 0);
    for source in wild().into_iter().step_by(step) {
        let Ok(pattern) = Pattern::compile(&source, &PatternLimits::default()) else { continue };
        let expression = dialect::checked(&source, &PatternLimits::default()).unwrap();
        let (mut worst, mut worst_capture) = (Duration::ZERO, Duration::ZERO);
        for text in attack::strings(&expression, LENGTH) {
            let once = |search: &dyn Fn() -> bool| {
                let start = Instant::now();
                std::hint::black_box(search());
                start.elapsed()
            };
            // What looks slow may only have been interrupted.
            let time = |search: &dyn Fn() -> bool| {
                let time = once(search);
                if time > MOST / 4 { time.min(once(search)).min(once(search)) } else { time }
            };
            worst = worst.max(time(&|| pattern.is_match(&text)));
            worst_capture = worst_capture.max(time(&|| pattern.capture(&text).is_some()));
            searches += 1;
        }
        patterns += 1;
        captures.push((worst_capture, source.clone()));
        slowest.push((worst, source));
    }
    println!("{patterns} patterns, {searches} texts of {LENGTH} bytes");
    for (what, list) in [("search", &mut slowest), ("capture", &mut captures)] {
        list.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let slow = list.iter().filter(|(time, _)| *time > MOST).count();
        println!("{what}: {slow} took more than {MOST:?}; the slowest:");
        for (time, source) in list.iter().take(8) {
            println!("{time:?} {}", source.chars().take(140).collect::<String>());
        }
    }
    let slow = slowest.iter().filter(|(time, _)| *time > MOST).count();
    assert_eq!(slow, 0, "patterns took more than {MOST:?}");
}
