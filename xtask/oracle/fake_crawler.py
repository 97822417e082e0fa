#!/usr/bin/python3
"""A crawler of a few lines with one fault, to try the site check on.

It takes the arguments of `lycosa crawl`, and its fault from the name it is started by: honest, misses-a-page,
mistitles, fetches-again, writes-again.
"""

import json
import os
import re
import sys
import urllib.request


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()


def crawl(seed, output, fault):
    seen, queue = {seed}, [seed]
    with open(output, "w", encoding="utf-8") as file:
        while queue:
            url = queue.pop(0)
            text = fetch(url)
            title = re.search("<title>(.*?)</title>", text, re.DOTALL).group(1)
            if fault == "mistitles" and url != seed:
                title = "x"
            file.write(json.dumps({"url": url, "final_url": url, "title": title}) + "\n")
            found = [seed + link for link in re.findall("href=([a-z.]+)>", text)]
            if fault == "misses-a-page":
                found = found[:-1]
            queue += [link for link in found if link not in seen]
            seen.update(found)


def main():
    fault = os.path.basename(sys.argv[0])
    seed, output = sys.argv[2], sys.argv[sys.argv.index("-o") + 1]
    if "--resume" not in sys.argv:
        crawl(seed, output, fault)
    elif fault == "fetches-again":
        fetch(seed)
    elif fault == "writes-again":
        with open(output, "a", encoding="utf-8") as file:
            file.write("{}\n")


main()
