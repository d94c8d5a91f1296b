#!/usr/bin/env python3
"""Prints as JSON the conditions of a measurement: the processor, and the versions of the peer's packages."""

import json
import os
import platform
from importlib.metadata import version


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    described = {"processor": processor(), "cores": os.cpu_count(), "system": platform.system()}
    described["python"] = platform.python_version()
    print(json.dumps(described | {name: version(name) for name in ("torch", "transformers", "pyreft", "peft")}))


if __name__ == "__main__":
    main()
