"""Makes the two sites that the crawl benchmark serves.

Usage: sites.py docs OUT PYTHON POSTGRESQL JAVA    (the three are HTML folders of documentation packages)
       sites.py small OUT

docs   PostgreSQL, Python and six modules of the Java API under one page of links: about 3,050 pages of 33 KB mean.
       A link of the site whose target is not part of it gets its `href` renamed to `data-href`, so that crawlers are
       not timed on answers of 404.
small  50,001 pages of 2 KB with 20 links each: up to 10 down a tree, so that every page is reachable, the others to
       pages drawn from a fixed seed. It shows what a URL costs apart from its page.

OUT is made beside itself and renamed when complete. The last line printed says how many pages and bytes it has.
"""

import os
import posixpath
import random
import re
import shutil
import sys
from urllib.parse import unquote, urlsplit

JAVA_MODULES = ("java.xml", "java.management", "java.naming", "java.sql", "java.net.http", "java.logging")
HREF = re.compile(rb"""\bhref=(["'])(.*?)\1""", re.IGNORECASE | re.DOTALL)
SMALL_PAGES = 50_001
SMALL_BYTES = 2_000
LINKS = 20
TREE_LINKS = 10
SEED = 20_261_124


def html_files(root):
    for folder, _, names in os.walk(root, followlinks=True):
        for name in names:
            if name.endswith(".html"):
                yield os.path.relpath(os.path.join(folder, name), root)


def chosen(name, path):
    """Whether a file of a source belongs to the site: all but most of the Java API and its letter indexes."""
    if name != "java":
        return not path.startswith("_sources/")
    return "/" not in path or path.split("/")[0] in JAVA_MODULES


def rewrite(content, here, pages):
    """Renames `href` where the target is a page of this site that was left out."""

    def one(match):
        target = urlsplit(match.group(2).decode("utf-8", "replace").strip())
        if target.scheme or target.netloc or not target.path:
            return match.group(0)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(here), unquote(target.path)))
        if target.path.endswith("/"):
            path += "/index.html"
        return match.group(0) if path in pages else b"data-" + match.group(0)

    return HREF.sub(one, content)


def docs(out, *folders):
    sources = dict(zip(("python", "postgresql", "java"), folders))
    pages = {
        f"{name}/{path}": os.path.join(folder, path)
        for name, folder in sources.items()
        for path in html_files(folder)
        if chosen(name, path)
    }
    links = "".join(f'<li><a href="{name}/index.html">{name}</a>\n' for name in sources)
    save(out, "index.html", f"<!DOCTYPE html>\n<title>Documentation</title>\n<ul>\n{links}</ul>\n".encode())
    for path, source in pages.items():
        with open(source, "rb") as file:
            save(out, path, rewrite(file.read(), path, pages))


def small_path(number):
    return f"p/{number // 1000}/{number}.html" if number else ""


def small(out):
    draw = random.Random(SEED)
    words = [f"{draw.getrandbits(32):08x}" for _ in range(512)]
    for number in range(SMALL_PAGES):
        tree = [number * TREE_LINKS + child for child in range(1, TREE_LINKS + 1)]
        targets = [child for child in tree if child < SMALL_PAGES]
        targets += [int(draw.random() * SMALL_PAGES) for _ in range(LINKS - len(targets))]
        links = "".join(f'<li><a href="/{small_path(target)}">page {target}</a>\n' for target in targets)
        head = f"<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<title>Page {number}</title>\n"
        page = f"{head}<h1>Page {number}</h1>\n<ul>\n{links}</ul>\n<p>"
        while len(page) < SMALL_BYTES:
            page += words[int(draw.random() * len(words))] + " "
        save(out, small_path(number) or "index.html", page.encode() + b"\n")


def save(out, path, content):
    name = os.path.join(out, path)
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as file:
        file.write(content)


def main():
    kind, out, *folders = sys.argv[1:]
    part = f"{out}.part"
    shutil.rmtree(part, ignore_errors=True)
    {"docs": docs, "small": small}[kind](part, *folders)
    shutil.rmtree(out, ignore_errors=True)
    os.rename(part, out)
    sizes = [os.path.getsize(os.path.join(out, path)) for path in html_files(out)]
    print(f"{len(sizes)} pages on disk, {sum(sizes)} bytes")


main()
