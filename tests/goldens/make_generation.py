#!/usr/bin/env python3
"""Records what transformers writes greedily and by beam search, for tests/integration/generation_test.ts.

    pip install torch==2.15.0 transformers==4.45.1
    python -B tests/goldens/make_generation.py ../shared SMOLLM2_FOLDER

generation.json: for each model and way to write the texts after the first prompts, one prompt at a time; and how beam
searches stop, with full stops as ends of the sequence, so that many continuations finish.
"""

from reference import require, write_json

require(torch="2.15.0", transformers="4.45.1")

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = 5
NEW_TOKENS = 24
WAYS = {
    "greedy": {},
    "greedy with a repetition penalty": {"repetition_penalty": 1.3},
    "beam search": {"num_beams": 4},
    "beam search with penalties": {"num_beams": 3, "length_penalty": 0.5, "repetition_penalty": 1.2},
}

EARLY_STOPPING = {"false": False, "true": True, "never": "never"}
LENGTH_PENALTIES = [-1.0, 0.0, 1.0, 1.5]
STOPPING_BEAMS = 2
STOPPING_NEW_TOKENS = 40
STOPS = {
    f"early stopping {name}, length penalty {penalty:g}": {
        "num_beams": STOPPING_BEAMS,
        "max_new_tokens": STOPPING_NEW_TOKENS,
        "early_stopping": value,
        "length_penalty": penalty,
    }
    for name, value in EARLY_STOPPING.items()
    for penalty in LENGTH_PENALTIES
}


def written(model, tokenizer, prompt, settings):
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    settings = {"max_new_tokens": NEW_TOKENS, **settings}
    found = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, **settings)
    return tokenizer.decode(found[0, ids.shape[1] :], skip_special_tokens=True)


def record(folder, prompts, ways, ends=()):
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = {"eos_token_id": [tokenizer.eos_token_id, *tokenizer.convert_tokens_to_ids(ends)]} if ends else {}
    return {
        way: [written(model, tokenizer, prompt, {**settings, **end}) for prompt in prompts] for way, settings in ways.items()
    }


def main(shared, smollm2):
    with open(shared / "data/multiarith.test.jsonl", encoding="utf-8") as lines:
        prompts = [json.loads(line)["instruction"] + "\n" for line, _ in zip(lines, range(PROMPTS))]
    stories = shared / "models/stories260k"
    found = {"stories260k": record(stories, prompts, WAYS), "smollm2": record(smollm2, prompts, WAYS)}
    found["stories260k with full stops as ends"] = record(stories, prompts, STOPS, ["."])
    write_json(Path(__file__).with_name("generation.json"), found)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
