#!/usr/bin/env python3
"""Cuts texts of known languages into short files in every encoding they could be in.

usage: charset_texts.py FOLDER OUT LISTING
       charset_texts.py --long BYTES LANGUAGE ENCODING FOLDER FILE

FOLDER has the unpacked Debian packages `libreoffice-help-LANGUAGE` (MPL-2.0), none of which the language model was
made from. Writes pieces of 100, 200, 500 and 2000 bytes to OUT and lines for charset.py to LISTING. The choice is the
same each time. A piece has at least one character beyond ASCII. With --long, one file of so many bytes.
"""

import html
import pathlib
import random
import re
import sys
import unicodedata

WESTERN = ["windows-1252", "iso-8859-15", "macintosh"]
CENTRAL = ["windows-1250", "iso-8859-2"]
ENCODINGS = {
    "zh-cn": ["gb2312", "gb18030"], "zh-tw": ["big5"], "ja": ["euc-jp", "shift_jis", "iso-2022-jp"], "ko": ["euc-kr"],
    "ru": ["windows-1251", "koi8-r", "iso-8859-5", "ibm866", "ibm855", "x-mac-cyrillic"],
    "el": ["windows-1253", "iso-8859-7"], "tr": ["windows-1254"], "vi": ["windows-1258"],
    "cs": CENTRAL, "hu": CENTRAL, "pl": CENTRAL, "sl": CENTRAL, "et": ["windows-1257", "iso-8859-15"],
    "da": WESTERN, "de": WESTERN, "es": WESTERN, "fi": WESTERN, "fr": WESTERN, "it": WESTERN, "nl": WESTERN, "pt": WESTERN,
    "sv": WESTERN,
}
CODEC = {"windows-1252": "cp1252", "macintosh": "mac_roman", "ibm866": "cp866", "ibm855": "cp855",
         "x-mac-cyrillic": "mac_cyrillic", "big5": "cp950"}
PIECES = 6
SIZES = [100, 200, 500, 2000]


def texts(folder):
    files = sorted(folder.rglob("text/*/*/*.html")) or sorted(folder.rglob("*.html"))
    random.Random(1).shuffle(files)
    for file in files[:400]:
        page = file.read_text(encoding="utf-8")
        body = page[page.find("<body"):]
        body = re.sub(r"(?s)<(script|style|svg).*?</\1>", " ", body)
        body = html.unescape(re.sub(r"<[^>]*>", " ", body))
        yield re.sub(r"\s+", " ", body)


def apart(text):
    # windows-1258 has the vowels with their shapes and the tones as marks of their own.
    out = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tone = next((mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323"), "")
        out.append(unicodedata.normalize("NFC", parts.replace(tone, "")) + tone if tone else letter)
    return "".join(out)


def long(size, language, encoding, folder, file):
    text = " ".join(texts(folder / f"libreoffice-help-{language}"))
    data = text.encode(CODEC.get(encoding, encoding), "ignore")
    while len(data) < size:
        data += data
    # Not inside a character: at a space.
    file.write_bytes(data[:data.rindex(b" ", 0, size) + 1])


def main():
    if sys.argv[1] == "--long":
        size, language, encoding, folder, file = sys.argv[2:]
        return long(int(size), language, encoding, pathlib.Path(folder), pathlib.Path(file))
    folder, out, listing = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    with open(listing, "w", encoding="utf-8") as rows:
        for language, encodings in ENCODINGS.items():
            text = " ".join(texts(folder / f"libreoffice-help-{language}"))
            for encoding in encodings:
                chance = random.Random(f"{language} {encoding}")
                for size in SIZES:
                    made = 0
                    while made < PIECES:
                        start = text.find(" ", chance.randrange(len(text) - 3 * size))
                        piece = text[start:start + size]
                        if language == "vi":
                            piece = apart(piece)
                        data = piece.encode(CODEC.get(encoding, encoding), "ignore")
                        while len(data) > size:
                            piece = piece[:-1]
                            data = piece.encode(CODEC.get(encoding, encoding), "ignore")
                        if data.isascii() and b"\x1b" not in data:
                            continue
                        path = out / f"{language}-{encoding}-{size}-{made}"
                        path.write_bytes(data)
                        rows.write(f"held out, {size} bytes\t{encoding}\t{path}\n")
                        made += 1


main()
