#!/usr/bin/env python3
"""Scores charset detectors on files whose encoding is known, beside one another in one run.

usage: charset.py LISTING PROGRAM

LISTING has a line for each file: group, label, path, tab-separated. PROGRAM is the example `charset_cost`. An answer
is right when it decodes the bytes to the same text as the label does; labels of one family count as the same. Labels
without a codec here or outside the Encoding standard are right when they are named. Prints one table in Markdown for
each group and, with VERBOSE set, each wrong answer of PROGRAM.
"""

import codecs
import os
import subprocess
import sys
from collections import defaultdict

import chardet
import charset_normalizer

FAMILY = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
    "big5": "big5hkscs", "big5hkscs": "big5hkscs", "cp950": "big5hkscs",
    "shift_jis": "cp932", "cp932": "cp932", "shift_jisx0213": "cp932", "shift_jis_2004": "cp932", "windows_31j": "cp932",
    "euc_jisx0213": "euc_jp", "euc_jis_2004": "euc_jp",
    "euc_kr": "cp949", "cp949": "cp949", "uhc": "cp949",
    "ascii": "cp1252", "us_ascii": "cp1252", "iso_8859_1": "cp1252", "latin_1": "cp1252", "latin1": "cp1252",
    "iso_8859_9": "cp1254", "iso_8859_8": "cp1255", "iso_8859_8_i": "cp1255",
    "tis_620": "cp874", "iso_8859_11": "cp874", "windows_874": "cp874",
    "x_mac_cyrillic": "mac_cyrillic", "maccyrillic": "mac_cyrillic", "macintosh": "mac_roman", "macroman": "mac_roman",
    "mac_centraleurope": "mac_latin2",
    "utf_8_sig": "utf_8", "utf_16be": "utf_16_be", "utf_16le": "utf_16_le",
    "utf_32be": "utf_32_be", "utf_32le": "utf_32_le",
}
NAMED = {"euc_tw", "johab", "iso_2022_kr", "iso2022_kr", "iso_2022_cn", "hz", "hz_gb_2312", "viscii"}
CJK = {"gb18030", "big5hkscs", "cp932", "euc_jp", "iso_2022_jp", "cp949"}


def family(label):
    name = (label or "").lower().replace("-", "_").replace(".", "_")
    name = FAMILY.get(name, name)
    if name.startswith("windows_"):
        name = "cp" + name[8:]
    if name.startswith("ibm"):
        name = "cp" + name[3:].lstrip("_")
    return FAMILY.get(name, name)


def text(data, name):
    for mark, codec in ((codecs.BOM_UTF8, "utf_8"), (codecs.BOM_UTF32_LE, "utf_32"), (codecs.BOM_UTF32_BE, "utf_32"),
                        (codecs.BOM_UTF16_LE, "utf_16"), (codecs.BOM_UTF16_BE, "utf_16")):
        if data.startswith(mark) and name.startswith(codec):
            return data.decode(codec if codec != "utf_8" else "utf_8_sig", "replace")
    try:
        return data.decode(name, "replace")
    except LookupError:
        return None


def is_right(data, label, answer, unknown=""):
    label, answers = family(label), {family(answer), family(unknown)}
    if label in NAMED:
        return bool({label, label.replace("iso2022", "iso_2022")} & answers) or label == "hz" and "hz_gb_2312" in answers
    if label in answers:
        return True
    wanted = text(data, label)
    if label == "cp1252" and data.isascii():
        return all(text(data, answer) in (None, wanted) for answer in answers)
    return wanted is not None and text(data, family(answer)) == wanted


def uchardet(paths):
    found = {}
    for start in range(0, len(paths), 500):
        part = paths[start:start + 500]
        lines = subprocess.run(["uchardet", *part], capture_output=True, text=True, check=False).stdout.splitlines()
        if len(part) == 1:
            lines = [f"{part[0]}: {lines[0] if lines else ''}"]
        for line in lines:
            path, _, name = line.rpartition(": ")
            found[path] = name
    return found


def main():
    listing, program = sys.argv[1:]
    rows = [line.rstrip("\n").split("\t") for line in open(listing, encoding="utf-8")]
    paths = [path for _, _, path in rows]
    said = subprocess.run([program, "detect"], input="\n".join(paths) + "\n", capture_output=True, text=True, check=True)
    ours = {}
    for line in said.stdout.splitlines():
        path, charset, source, confidence, unknown = line.split("\t")
        ours[path] = (charset, unknown, source, confidence)
    quick = os.environ.get("QUICK")
    peers = {"uchardet": uchardet(paths)}
    if not quick:
        peers["chardet"], peers["charset-normalizer"] = {}, {}
        for path in paths:
            data = open(path, "rb").read()
            peers["chardet"][path] = chardet.detect(data)["encoding"]
            best = charset_normalizer.from_bytes(data).best()
            peers["charset-normalizer"][path] = best.encoding if best else ""
    names = ["lycosa", *peers]
    groups = defaultdict(lambda: defaultdict(lambda: [0] * (len(names) + 1)))
    sums = defaultdict(lambda: [0] * (len(names) + 1))
    for group, label, path in rows:
        data = open(path, "rb").read()
        right = [is_right(data, label, ours[path][0], ours[path][1])]
        right += [is_right(data, label, peer.get(path)) for peer in peers.values()]
        if os.environ.get("VERBOSE") and not right[0]:
            print(f"wrong: {path} ({len(data)} bytes): {label} taken for {ours[path]}", file=sys.stderr)
        kinds = ["all"]
        if len(data) > 200 and family(label) not in NAMED:
            if family(label) in CJK:
                kinds.append("Chinese, Japanese, Korean over 200 bytes")
            if family(label) in {"cp1251", "koi8_r", "koi8_u", "cp866", "cp855", "iso_8859_5", "mac_cyrillic"}:
                kinds.append("Cyrillic over 200 bytes")
        for row in [groups[group][label]] + [sums[(group, kind)] for kind in kinds]:
            row[0] += 1
            for at, is_it in enumerate(right):
                row[at + 1] += is_it
    for group in groups:
        print(f"\n## {group}\n\n| encoding | files | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}")
        for label, row in sorted(groups[group].items()):
            print(f"| {label} | {' | '.join(map(str, row))} |")
        for kind in ("Chinese, Japanese, Korean over 200 bytes", "Cyrillic over 200 bytes", "all"):
            if (group, kind) in sums:
                row = sums[(group, kind)]
                shares = [f"{count} ({100 * count / row[0]:.1f} %)" for count in row[1:]]
                print(f"| **{kind}** | {row[0]} | {' | '.join(shares)} |")


main()
