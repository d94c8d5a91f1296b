#!/usr/bin/env python3
"""Runs a command, and writes its peak memory in bytes to a JSON file, sampled from Linux's smaps_rollup every 50 ms.

    peak_memory.py OUT.json COMMAND…

Private_Dirty and Anonymous are the process's own pages. Private_Clean are pages of mapped files, such as the weights, that
no other process happens to map at that moment; they belong to the page cache and are dropped when memory is short.
"""

import json
import subprocess
import sys
import time

INTERVAL = 0.05
FIELDS = ("Rss", "Pss", "Private_Clean", "Private_Dirty", "Anonymous", "Swap")


def sample(pid):
    """The fields of one sample; none if the process has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
            pairs = [line.split(":") for line in lines.readlines()[1:]]
    except OSError:
        return {}
    return {name: int(value.split()[0]) * 1024 for name, value in pairs if name in FIELDS}


def main(path, command):
    peaks = dict.fromkeys([*FIELDS, "own"], 0)
    process = subprocess.Popen(command)
    while process.poll() is None:
        found = sample(process.pid)
        if found:
            found["own"] = max(found["Private_Dirty"], found["Anonymous"]) + found["Swap"]
        for name, value in found.items():
            peaks[name] = max(peaks[name], value)
        time.sleep(INTERVAL)
    with open(path, "w", encoding="ascii") as out:
        json.dump(peaks, out)
    return process.returncode


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    raise SystemExit(main(sys.argv[1], sys.argv[2:]))
