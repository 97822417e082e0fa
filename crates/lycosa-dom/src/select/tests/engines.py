# Reads one JSON value a line: a tree as nested lists [tag, attributes, child or text, ...] and selectors. Builds it for
# Soup Sieve and for lxml, and writes one JSON value a line: for each selector what both find, as places in
# document order, or null where an engine does not know the selector.
import json
import sys

import soupsieve
from bs4 import BeautifulSoup
from cssselect import HTMLTranslator, SelectorError
from lxml import etree


def soup_tree(data, soup):
    places = {}

    def build(item):
        tag = soup.new_tag(item[0], attrs=dict(item[1]))
        places[id(tag)] = len(places)
        for child in item[2:]:
            tag.append(child if isinstance(child, str) else build(child))
        return tag

    root = build(data)
    soup.append(root)
    return root, places


def lxml_tree(data):
    places = {}

    def build(item):
        element = etree.Element(item[0])
        for name, value in item[1].items():
            element.set(name, value)
        places[element] = len(places)
        last = None
        for child in item[2:]:
            if isinstance(child, str):
                if last is None:
                    element.text = (element.text or "") + child
                else:
                    last.tail = (last.tail or "") + child
            else:
                last = build(child)
                element.append(last)
        return element

    return build(data), places


def by_soup(soup, places, selector):
    try:
        return sorted(places[id(tag)] for tag in soupsieve.select(selector, soup))
    except Exception:
        return None


def by_lxml(root, places, selector):
    try:
        path = HTMLTranslator().css_to_xpath(selector, prefix="descendant-or-self::")
        return sorted(places[element] for element in root.xpath(path))
    except (SelectorError, etree.XPathError, AssertionError):
        return None


sys.setrecursionlimit(20000)
for line in sys.stdin:
    data = json.loads(line)
    soup = BeautifulSoup("", "html.parser")
    tag, soup_places = soup_tree(data["tree"], soup)
    root, lxml_places = lxml_tree(data["tree"])
    found = [
        [by_soup(soup, soup_places, selector), by_lxml(root, lxml_places, selector)]
        for selector in data["selectors"]
    ]
    print(json.dumps(found), flush=True)
