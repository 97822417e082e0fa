"""Walks a folder of HTML files the way a crawler walks the site, without a server and without Lycosa.

Usage: walk.py FOLDER URL

Prints one JSON object a line: the URL and the title of each HTML page that is reachable from URL by navigation links
(a, area, iframe, frame). FOLDER is what the server at URL has as its root. Parsing is lxml's (libxml2), resolving is
the standard library's: neither shares code with the crawler that is checked.
"""

import json
import os
import re
import sys
from collections import deque
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from lxml import etree
from lxml import html

LINKS = {"a": "href", "area": "href", "iframe": "src", "frame": "src"}
CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([-\w]+)", re.IGNORECASE)


def locate(folder, url):
    """Returns the URL that the server ends at and the file behind it, or None."""
    path = unquote(urlsplit(url).path)
    name = os.path.join(folder, path.lstrip("/"))
    if os.path.isdir(name):
        if not path.endswith("/"):
            parts = urlsplit(url)
            url = parts._replace(path=parts.path + "/").geturl()
        name = os.path.join(name, "index.html")
    elif path.endswith("/"):
        return None
    return (url, name) if os.path.isfile(name) else None


def read(name):
    with open(name, "rb") as file:
        content = file.read()
    named = CHARSET.search(content[:2048])
    parser = html.HTMLParser(encoding=named.group(1).decode() if named else "utf-8", huge_tree=True)
    return html.document_fromstring(content, parser=parser)


def links(tree, url):
    base = tree.find(".//base[@href]")
    if base is not None:
        url = urljoin(url, base.get("href"))
    for element in tree.iter(*LINKS):
        target = element.get(LINKS[element.tag])
        if target is not None:
            try:
                yield urldefrag(urljoin(url, target.strip())).url
            except ValueError:
                continue


def title(tree):
    """The text of the first title, with whitespace collapsed; None without one."""
    found = tree.find(".//title")
    return None if found is None else " ".join("".join(found.itertext()).split())


def main():
    folder, seed = sys.argv[1:]
    site = urlsplit(seed)
    seen, queue, pages = {seed}, deque([seed]), set()
    while queue:
        place = locate(folder, queue.popleft())
        if place is None or not place[1].endswith((".html", ".htm")) or place[0] in pages:
            continue
        url, name = place
        pages.add(url)
        try:
            tree = read(name)
        except etree.ParserError:  # An empty file is a page without a title.
            print(json.dumps({"url": url, "title": None}))
            continue
        print(json.dumps({"url": url, "title": title(tree)}))
        for link in links(tree, url):
            if urlsplit(link)[:2] == site[:2] and link not in seen:
                seen.add(link)
                queue.append(link)


main()
