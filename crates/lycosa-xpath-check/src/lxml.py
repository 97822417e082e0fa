"""Answers XPath questions with lxml: a JSON object a line, in and out.

{"document": XML}                         -> {"nodes": how many, the document node included}
{"expression": XPATH, "context": NUMBER}  -> {"nodes": [...]} or number, text, boolean, refused

Nodes are numbered in document order from the document node, 0; attributes are not counted. In an answer a node is its
number, an attribute a list of its element's number and its name (its namespace before it in braces), a namespace node
its prefix. Expressions may use the prefixes `n` and `m`.
"""

import json
import sys

from lxml import etree

NAMESPACES = {"n": "urn:n", "m": "urn:m"}


class Numbered:
    """A document with its nodes numbered. lxml shows text as properties of elements: the text inside before the first
    child, and the text after an end tag."""

    def __init__(self, text):
        parser = etree.XMLParser(huge_tree=True, resolve_entities=True, no_network=True)
        root = etree.fromstring(text.encode(), parser)
        # Proxies are kept: one that nobody holds is made anew, and could not be found again.
        self.numbers, self.inside, self.after, self.elements, self.count = {}, {}, {}, {}, 1
        before = list(root.itersiblings(preceding=True))[::-1]
        for top in [*before, root, *root.itersiblings()]:
            if isinstance(top.tag, str):
                self.walk(top)
            else:
                self.name(top)

    def name(self, node):
        self.numbers[node] = self.count
        self.elements[self.count] = node
        self.count += 1

    def walk(self, top):
        for event, node in etree.iterwalk(top, events=("start", "end", "comment", "pi")):
            if event != "end":
                self.name(node)
                if event == "start" and node.text is not None:
                    self.inside[node] = self.count
                    self.count += 1
            if event != "start" and node is not top and node.tail is not None:
                self.after[node] = self.count
                self.count += 1

    def key(self, found):
        if isinstance(found, tuple):
            return found[0] or ""
        if not isinstance(found, str):
            return self.numbers[found]
        owner = found.getparent()
        if found.is_attribute:
            return [self.numbers[owner], found.attrname]
        return self.after[owner] if found.is_tail else self.inside[owner]

    def answer(self, expression, context):
        node = self.elements[context]
        try:
            found = etree.XPath(expression, namespaces=NAMESPACES)(node)
        except (etree.XPathError, ValueError) as error:
            return {"refused": str(error)}
        if isinstance(found, bool):
            return {"boolean": found}
        if isinstance(found, float):
            return {"number": repr(found)}
        if isinstance(found, str):
            return {"text": str(found)}
        keys = [self.key(one) for one in found]
        # lxml leaves the document node out of its lists.
        if etree.XPath(f"boolean(({expression})[not(parent::node())])", namespaces=NAMESPACES)(node):
            keys.append(0)
        return {"nodes": keys}


def main():
    numbered = None
    for line in sys.stdin:
        question = json.loads(line)
        if "document" in question:
            try:
                numbered = Numbered(question["document"])
                answer = {"nodes": numbered.count}
            except etree.XMLSyntaxError as error:
                answer = {"refused": str(error)}
        else:
            answer = numbered.answer(question["expression"], question["context"])
        print(json.dumps(answer), flush=True)


main()
