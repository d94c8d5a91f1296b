#!/usr/bin/env python3
"""Records transformers' outputs for SmolLM2-135M-Instruct in float32, for smollm2_hidden_states_test.

    pip install torch==2.15.0 transformers==4.45.1 numpy==2.3.5
    python -B tests/goldens/make_smollm2.py MODEL_FOLDER

smollm2.json: for each text its ids; at three positions, for every hidden state in the order of `output_hidden_states`
(the last one is after the final norm) its Euclidean norm and first eight elements, and the ten largest logits with
their ids; and the next 20 ids of greedy decoding.
"""

from reference import lines, number, require, write_json

require(torch="2.15.0", transformers="4.45.1", numpy="2.3.5")

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "Gravity is a force that pulls",
    "<|im_start|>user\nWhich of these planets is the largest: Mars, Jupiter or Venus? Tell me why.<|im_end|>\n"
    "<|im_start|>assistant\n",
]


def state(vector):
    return {"norm": number(vector.double().norm()), "first": lines(vector[:8])[0]}


def place(result, at):
    logits, ids = result.logits[0, at].topk(10)
    return {
        "position": at,
        "hiddenStates": [state(tensor[0, at]) for tensor in result.hidden_states],
        "logits": {"ids": ids.tolist(), "values": [number(x) for x in logits.tolist()]},
    }


def record(model, tokenizer, text):
    ids = tokenizer(text, return_tensors="pt").input_ids
    with torch.no_grad():
        result = model(input_ids=ids, output_hidden_states=True)
        continued = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False)
    last = ids.shape[1] - 1
    return {
        "text": text,
        "inputIds": ids[0].tolist(),
        "places": [place(result, at) for at in [0, last // 2, last]],
        "continuation": continued[0, last + 1 :].tolist(),
    }


def main(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    write_json(Path(__file__).with_name("smollm2.json"), [record(model, tokenizer, text) for text in TEXTS])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
