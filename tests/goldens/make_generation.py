#!/usr/bin/env python3
"""Records transformers' completions by greedy decoding, beam search and beam sampling, for
tests/integration/generation_test.ts.

    pip install torch==2.15.0 transformers==4.45.1
    python -B tests/goldens/make_generation.py ../shared SMOLLM2_FOLDER

generation.json: for each model and decoding setting the completions of the first prompts, one prompt at a time; and how
beam searches stop, with full stops as end-of-sequence tokens, so that many continuations finish.
"""

from random_streams import Random
from reference import require, write_json

require(torch="2.15.0", transformers="4.45.1")

import json
import math
import sys
from pathlib import Path
from unittest import mock

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = 5
# Only the first of them where SmolLM2 samples or may not repeat tokens, which is slow.
FEW_PROMPTS = 1
NEW_TOKENS = 24
WAYS = {
    "greedy": {},
    "greedy with a repetition penalty": {"repetition_penalty": 1.3},
    "greedy without repeated trigrams": {"no_repeat_ngram_size": 3},
    "greedy with a repetition penalty, without repeated bigrams": {"repetition_penalty": 1.1, "no_repeat_ngram_size": 2},
    "greedy with instruction tuning's limits": {"repetition_penalty": 1.1, "no_repeat_ngram_size": 5},
    "beam search": {"num_beams": 4},
    "beam search without repeated bigrams": {"num_beams": 3, "no_repeat_ngram_size": 2},
    "beam search with penalties": {"num_beams": 3, "length_penalty": 0.5, "repetition_penalty": 1.2},
}

# Sampled with Refract's random streams, one per prompt. The second has fewer candidates at first than it
# draws, like the paper's arithmetic suite.
SEED = 42
DRAWN = {
    "drawn beams": {"num_beams": 3, "top_k": 0},
    "drawn beams of the likeliest": {"num_beams": 4, "temperature": 0.3, "top_k": 40, "top_p": 0.75, "early_stopping": True},
    "drawn beams of a few, without repeated bigrams": {"num_beams": 2, "top_k": 5, "no_repeat_ngram_size": 2, "length_penalty": 0.5},
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


def multinomial_of(random):
    """torch.multinomial without replacement, with exponential numbers from a stream for the candidates."""

    def multinomial(probabilities, num_samples):
        quotients = torch.zeros_like(probabilities)
        for place in (probabilities[0] >= 2.0**-126).nonzero().flatten().tolist():
            quotients[0, place] = probabilities[0, place].item() / -math.log(1 - random.uniform())
        return torch.topk(quotients, num_samples).indices

    return multinomial


def written(model, tokenizer, row, prompt, settings):
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    settings = {"max_new_tokens": NEW_TOKENS, **settings}
    with mock.patch("torch.multinomial", multinomial_of(Random(SEED, "beamSample", row))):
        found = model.generate(ids, attention_mask=torch.ones_like(ids), **{"do_sample": False, **settings})
    return tokenizer.decode(found[0, ids.shape[1] :], skip_special_tokens=True)


def record(folder, prompts, ways, ends=()):
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = {"eos_token_id": [tokenizer.eos_token_id, *tokenizer.convert_tokens_to_ids(ends)]} if ends else {}
    return {
        way: [written(model, tokenizer, row, prompt, {**settings, **end}) for row, prompt in enumerate(prompts)]
        for way, settings in ways.items()
    }


def main(shared, smollm2):
    with open(shared / "data/multiarith.test.jsonl", encoding="utf-8") as lines:
        prompts = [json.loads(line)["instruction"] + "\n" for line, _ in zip(lines, range(PROMPTS))]
    stories = shared / "models/stories260k"
    ways = {**WAYS, **{way: {**settings, "do_sample": True} for way, settings in DRAWN.items()}}
    few = {way: settings for way, settings in ways.items() if "no_repeat_ngram_size" in settings or way in DRAWN}
    found = {
        "stories260k": record(stories, prompts, ways),
        "smollm2": {
            **record(smollm2, prompts, {way: settings for way, settings in ways.items() if way not in few}),
            **record(smollm2, prompts[:FEW_PROMPTS], few),
        },
    }
    found["stories260k with full stops as ends"] = record(stories, prompts, STOPS, ["."])
    write_json(Path(__file__).with_name("generation.json"), found)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
