"""Runs one command on one processor core and prints what it cost as a JSON object.

Usage: measure.py [--core N] [--instructions] [--limit SECONDS] -- COMMAND...

wall_s        from start to end
cpu_s         user and system time of the process, its threads and its children
peak_rss_kib  largest resident set; it cannot show less than the 12 MiB or so that this script has itself
status        exit status; the command's own output goes to standard error

With --instructions the command runs under `perf stat -e instructions:u`, or under valgrind's callgrind where the
processor offers no counter, and `instructions` and `counted_by` take the place of the times, which mean nothing then.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time


def pin(core):
    if core is not None:
        os.sched_setaffinity(0, {core})


def run(command, core, limit):
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=sys.stderr, stdin=subprocess.DEVNULL, preexec_fn=lambda: pin(core))
    timer = threading.Timer(limit, process.kill)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    timer.cancel()
    return {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_kib": usage.ru_maxrss,
        "status": os.waitstatus_to_exitcode(status),
    }


def has_counter():
    try:
        probe = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u", "true"], capture_output=True, text=True)
    except FileNotFoundError:
        return False
    return probe.returncode == 0 and probe.stderr[:1].isdigit()


def count(command, core, limit):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "count")
        if has_counter():
            wrapper, by = ["perf", "stat", "-x,", "-e", "instructions:u", "-o", out, "--"], "perf stat"
            pattern = r"^(\d+),[^,]*,instructions"
        else:
            wrapper, by = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"], "callgrind"
            pattern = r"^(?:summary|totals): (\d+)"
        result = run(wrapper + command, core, limit)
        with open(out, encoding="utf-8", errors="replace") as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
    return {"instructions": int(found.group(1)) if found else None, "counted_by": by, "status": result["status"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--core", type=int)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--limit", type=float, default=900)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    measured = (count if options.instructions else run)(options.command, options.core, options.limit)
    print(json.dumps(measured))


main()
