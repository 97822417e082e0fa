"""How well main content is found, beside others, on pages whose main text is known.

Usage: content.py CORPUS-FOLDER PROGRAM [--half dev|held-out] [--only-ours] [--worst N]

CORPUS-FOLDER holds the unpacked pages and `index.jsonl`; PROGRAM is the example `content_texts`. Prints tables in
Markdown. Two kinds of expectation, two scores:

- whole texts: F1 over the multisets of shingles of four tokens, the mean over pages of precision and recall;
- snippets that must and must not be there: counted over all pages.

Tokens are words in lower case; each letter of a script that is written without spaces is a token. Pages are halved by
a hash of their host, so that no site is in both halves.
"""

import argparse
import collections
import hashlib
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

WORDS = re.compile(r"[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+")
SHINGLE = 4


def shingles(text):
    tokens = [
        token
        for word in text.lower().split()
        for token in WORDS.findall(word)
    ]
    if not tokens:
        return collections.Counter()
    if len(tokens) < SHINGLE:
        return collections.Counter([tuple(tokens)])
    return collections.Counter(zip(*(tokens[start:] for start in range(SHINGLE))))


def overlap(found, expected):
    """Precision and recall of a text beside the expected one."""
    found, expected = shingles(found), shingles(expected)
    common = sum((found & expected).values())
    if not expected:
        return (1.0, 1.0) if not found else (0.0, 1.0)
    precision = common / found.total() if found else 0.0
    return precision, common / expected.total()


def text_of(html):
    """The text of expected markup, blocks apart."""
    import lxml.html

    root = lxml.html.fromstring(html)
    for node in root.xpath("//script|//style|//noscript|//svg|//iframe"):
        node.drop_tree()
    for node in root.iter("p", "div", "li", "br", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "tr", "pre",
                          "figcaption", "blockquote", "dt", "dd", "section"):
        node.tail = "\n" + (node.tail or "")
        node.text = "\n" + (node.text or "")
    return root.text_content()


class Page:
    """A page with what is known of its main text."""

    def __init__(self, folder, row):
        self.file = row["file"]
        self.path = folder / row["file"]
        self.source = row["source"]
        expected = row.get("expected", {})
        self.url = expected.get("url") or f"http://{pathlib.PurePath(self.file).stem.lower()}.test/"
        self.text = None
        self.wanted = [s for s in expected.get("with", []) if s.strip()]
        self.unwanted = [s for s in expected.get("without", []) if s.strip()]
        files = row.get("expected_files", {})
        if "articleBody" in expected:
            self.text = expected["articleBody"]
        elif "expected.html" in files:
            self.text = text_of((folder / files["expected.html"]).read_text(errors="replace"))
        elif "expected.txt" in files:
            self.text = (folder / files["expected.txt"]).read_text(errors="replace")

    def is_scored(self):
        return self.text is not None or self.wanted

    def half(self):
        host = urllib.parse.urlsplit(self.url).hostname or self.url
        host = host.removeprefix("www.")
        return "held-out" if hashlib.sha1(host.encode()).digest()[0] & 1 else "dev"


def pages(folder):
    rows = (json.loads(line) for line in open(folder / "index.jsonl", encoding="utf-8"))
    found = [Page(folder, row) for row in rows]
    return [page for page in found if page.is_scored()]


def ours(program, chosen):
    """Texts and seconds by file, from one run of the library's example."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", delete=False) as listing:
        for page in chosen:
            listing.write(f"{page.path}\t{page.url}\n")
    answer = subprocess.run([program, listing.name], stdout=subprocess.PIPE, check=True)
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    return {page.file: (row["text"], row["micros"] / 1e6) for page, row in zip(chosen, rows, strict=True)}


def trafilatura_text(html):
    import trafilatura

    return trafilatura.extract(html, include_comments=False) or ""


def readability_text(html):
    import readability

    try:
        return text_of(readability.Document(html).summary())
    except Exception:
        return ""


def resiliparse_text(html):
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    text = bytes_to_str(html, detect_encoding(html))
    return extract_plain_text(text, main_content=True, alt_texts=False)


PEERS = {"trafilatura": trafilatura_text, "readability": readability_text, "resiliparse": resiliparse_text}
MODULES = {"trafilatura": "trafilatura", "readability": "readability-lxml", "resiliparse": "Resiliparse"}


def peer(name, chosen):
    texts = {}
    for page in chosen:
        html = page.path.read_bytes()
        start = time.perf_counter()
        text = PEERS[name](html)
        texts[page.file] = (text, time.perf_counter() - start)
    return texts


def f1(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def squeezed(text):
    return " ".join(text.split())


def score(chosen, texts):
    """The row of an extractor: precision, recall and F1 of one kind of expectation."""
    whole = [page for page in chosen if page.text is not None]
    if whole:
        pairs = [overlap(texts[page.file][0], page.text) for page in whole]
        precision, recall = (statistics.fmean(side) for side in zip(*pairs))
        return precision, recall, f1(precision, recall)
    kept = missed = taken = 0
    for page in chosen:
        text = squeezed(texts[page.file][0])
        found = sum(squeezed(snippet) in text for snippet in page.wanted)
        kept += found
        missed += len(page.wanted) - found
        taken += sum(squeezed(snippet) in text for snippet in page.unwanted)
    precision, recall = kept / max(kept + taken, 1), kept / max(kept + missed, 1)
    return precision, recall, f1(precision, recall)


def versions(names):
    import importlib.metadata

    return ", ".join(f"{name} {importlib.metadata.version(MODULES[name])}" for name in names)


def table(title, chosen, sides):
    print(f"\n### {title}: {len(chosen)} pages\n")
    print("| extractor | precision | recall | F1 |\n|---|---|---|---|")
    for name, texts in sides.items():
        row = " | ".join(f"{value:.3f}" for value in score(chosen, texts))
        print(f"| {name} | {row} |")


def worst(chosen, sides, count):
    """Pages on which the first side is worst beside the second, for people who look into it."""
    rows = []
    for page in chosen:
        values = [score([page], texts)[2] for texts in sides.values()]
        rows.append((values[0] - values[-1], values, page.file))
    for _, values, file in sorted(rows)[:count]:
        print("  ".join(f"{value:.3f}" for value in values), file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("program")
    parser.add_argument("--half", choices=["dev", "held-out"])
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--cache", type=pathlib.Path, help="texts of the peers from an earlier run")
    parser.add_argument("--worst", type=int, default=0)
    options = parser.parse_args()
    chosen = [page for page in pages(options.folder) if options.half in (None, page.half())]
    sides = {"lycosa": ours(options.program, chosen)}
    names = [] if options.only_ours else options.peers.split(",")
    for name in names:
        cached = options.cache and options.cache / f"{name}.json"
        known = json.loads(cached.read_text()) if cached and cached.exists() else {}
        if any(page.file not in known for page in chosen):
            known = known | peer(name, [page for page in chosen if page.file not in known])
            if cached:
                cached.write_text(json.dumps(known))
        sides[name] = known
    if names:
        print(f"- Peers: {versions(names)}")
    sources = sorted({page.source for page in chosen})
    for half in ["dev", "held-out"] if options.half is None else [options.half]:
        in_half = [page for page in chosen if page.half() == half]
        print(f"\n## {half} half")
        whole = [page for page in in_half if page.text is not None]
        table("all whole texts", whole, sides)
        for source in sources:
            of_source = [page for page in in_half if page.source == source]
            if of_source:
                table(source, of_source, sides)
                worst(of_source, sides, options.worst)
    print("\n## Time\n\nMilliseconds a page, parsing included.\n\n| extractor | median | mean | slowest |\n|---|---|---|---|")
    for name, texts in sides.items():
        times = [texts[page.file][1] * 1000 for page in chosen]
        print(f"| {name} | {statistics.median(times):.2f} | {statistics.fmean(times):.2f} | {max(times):.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
