#!/usr/bin/env python3
"""Records how transformers encodes prompts with their completions as one string, for together_goldens_test.

    pip install tokenizers==0.22.2 transformers==4.57.6 sentencepiece==0.2.3 protobuf
    python -B tests/goldens/make_together.py ../shared

tokenizers/together.json.gz: the pairs, including 64 rows of ARC; and for each tokenizer of make_tokenizers.py and for
stories260k the ids of each whole string, without the special tokens after it, and the number of the prompt's ids: all
ids of the prompt alone if the whole begins with them; otherwise the tokens whose offsets include nothing of the
completion. `own` tells which.
"""

from reference import require

require(tokenizers="0.22.2", transformers="4.57.6", sentencepiece="0.2.3")

import base64
import gzip
import json
import sys
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

HERE = Path(__file__).parent / "tokenizers"
PROMPTS = [
    "", " ", "\n", "Q: who?", "Q: who? ", "Q: who?  ", "Q: who?\n", "Q: who?\n\n", "Q:\nA: ", " leading", "tab\t", "ends in a wor",
    "die Straße nach ", "日本語の", "smile 😀", "3 + 4 = ", "x\u00a0", "Why? (", "l'", "e",
]
COMPLETIONS = ["dog", " dog", "  two", "\nnext", ", and", ".", "d on", "12", "日本", "😀!", "é", "'s"]


def golden_folder(name, folder):
    content = json.loads(gzip.decompress((HERE / f"{name}.json.gz").read_bytes()))
    charsmap = base64.b64encode(gzip.decompress((HERE / "nmt_nfkc.gz").read_bytes())).decode()
    declared = json.dumps(content["tokenizer"]).replace('"nmt_nfkc"', json.dumps(charsmap))
    Path(folder, "tokenizer.json").write_text(declared)
    Path(folder, "tokenizer_config.json").write_text(json.dumps(content["config"]))
    # Whitespace is part of the token that contains it.
    return AutoTokenizer.from_pretrained(folder, use_fast=True, trim_offsets=False)


def together(tokenizer, prompt, completion):
    whole, alone = tokenizer(prompt + completion, return_offsets_mapping=True), tokenizer(prompt)
    added = tokenizer.num_special_tokens_to_add()
    first = len(tokenizer(prompt + completion, add_special_tokens=False)["input_ids"])
    before = added_before(tokenizer)
    ids = whole["input_ids"][: before + first]
    own = alone["input_ids"][: len(alone["input_ids"]) - (added - before)]
    if ids[: len(own)] == own:
        return ids, len(own), True
    offsets = whole["offset_mapping"][: len(ids)]
    return ids, next((at for at, (_, end) in enumerate(offsets) if at >= before and end > len(prompt)), len(ids)), False


def added_before(tokenizer):
    bare, text = tokenizer("x")["input_ids"], tokenizer("x", add_special_tokens=False)["input_ids"]
    return next(at for at in range(len(bare)) if bare[at : at + len(text)] == text)


def record(tokenizer, pairs):
    found = [together(tokenizer, *pair) for pair in pairs]
    return {name: [each[at] for each in found] for at, name in enumerate(["ids", "borders", "own"])}


def main(shared):
    lines = (Path(shared) / "data/arc_easy.train.jsonl").read_text(encoding="utf-8").splitlines()[:64]
    rows = [json.loads(line) for line in lines]
    pairs = [[row["instruction"] + "\n", row["output"]] for row in rows]
    pairs += [[prompt, completion] for prompt in PROMPTS for completion in COMPLETIONS]
    cases = {"stories260k": record(AutoTokenizer.from_pretrained(Path(shared) / "models/stories260k"), pairs)}
    for path in sorted(HERE.glob("*.json.gz")):
        name = path.name.removesuffix(".json.gz")
        if name in ("characters", "together"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            cases[name] = record(golden_folder(name, folder), pairs)
    text = json.dumps({"pairs": pairs, "cases": cases}, ensure_ascii=False, separators=(",", ":"))
    (HERE / "together.json.gz").write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
