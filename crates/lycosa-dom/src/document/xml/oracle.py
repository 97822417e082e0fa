# Reads one JSON string a line, an XML document each, and writes one JSON value a line: its tree as libxml2
# builds it, or null when libxml2 finds it ill-formed. Left out: what stands outside the root element.
import json
import sys

from lxml import etree


def name(tag):
    q = etree.QName(tag)
    return [q.namespace or "", q.localname]


def dump(root):
    out = []
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "end":
            out.append(["end"])
        elif event == "start":
            scope = sorted([p or "", u] for p, u in node.nsmap.items() if u and p != "xml")
            attributes = sorted(name(key) + [value] for key, value in node.attrib.items())
            out.append(["element", node.prefix or ""] + name(node) + [attributes, scope])
            if node.text:
                out.append(["text", node.text])
            continue
        elif event == "comment":
            out.append(["comment", node.text or ""])
        else:
            out.append(["pi", node.target, node.text or ""])
        if node is not root and node.tail:
            out.append(["text", node.tail])
    return out


for line in sys.stdin:
    parser = etree.XMLParser(
        encoding="utf-8", no_network=True, attribute_defaults=True, huge_tree=True, collect_ids=False
    )
    try:
        root = etree.fromstring(json.loads(line).encode("utf-8", "surrogatepass"), parser)
        print(json.dumps(dump(root)), flush=True)
    except (etree.XMLSyntaxError, ValueError) as error:
        print(json.dumps(str(error)), flush=True)
