#!/usr/bin/env python3
"""Records transformers' outputs for the stories260k model, for llama_test.

    pip install torch==2.15.0 transformers==4.45.1 numpy==2.3.5
    python -B tests/goldens/make_stories260k.py ../shared/models/stories260k

stories260k.json: for each sentence its ids, the hidden states in the order of `output_hidden_states` (the last one is
after the final norm) and the logits at some positions: hiddenStates[state][position], logits[position], eight numbers
a line; and the next 40 ids of greedy decoding.
"""

from reference import lines, require, write_json

require(torch="2.15.0", transformers="4.45.1", numpy="2.3.5")

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

SENTENCES = [
    "Once upon a time, there was a little girl named Lily.",
    "Tom and his dog went to the park because the sun was",
    'The bird said, "I can\'t fly to the big tree!"',
]


def record(model, tokenizer, sentence):
    ids = tokenizer(sentence, return_tensors="pt").input_ids
    positions = [0, 1, ids.shape[1] // 2, ids.shape[1] - 1]
    with torch.no_grad():
        result = model(input_ids=ids, output_hidden_states=True)
        continued = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False)
    states = [[lines(tensor[0, at]) for at in positions] for tensor in [*result.hidden_states, result.logits]]
    return {
        "text": sentence,
        "inputIds": ids[0].tolist(),
        "positions": positions,
        "hiddenStates": states[:-1],
        "logits": states[-1],
        "continuation": continued[0, ids.shape[1] :].tolist(),
    }


def main(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    write_json(
        Path(__file__).with_name("stories260k.json"),
        [record(model, tokenizer, sentence) for sentence in SENTENCES],
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
