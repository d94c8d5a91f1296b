#!/usr/bin/env python3
"""Continues prompts greedily with transformers' generate and prints one JSON line: the tokens and the seconds.

--prompts: a JSON file with a list of texts, processed --batch at a time and padded on the left. A token counts if
it is before its row's end-of-sequence token; the seconds are those of only the generate calls. A short call comes
first and is not counted, since it reads the weights.
"""

import argparse
import json
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "prompts"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("batch", "new-tokens", "warmup-tokens", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args()


def ends_of(model):
    """The tokens that end a row: the model may name one or several."""
    ends = model.generation_config.eos_token_id
    return set(ends) if isinstance(ends, list) else {ends}


def written(row, ends):
    """The number of a row's tokens before its end."""
    return next((at for at, token in enumerate(row) if token in ends), len(row))


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.model, padding_side="left")
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(options.model, torch_dtype=torch.float32).eval()
    with open(options.prompts, encoding="utf-8") as file:
        prompts = json.load(file)
    batches = [
        tokenizer(prompts[at : at + options.batch], return_tensors="pt", padding=True)
        for at in range(0, len(prompts), options.batch)
    ]
    for batch in batches:
        batch.pop("token_type_ids", None)  # generate refuses inputs that the model does not read

    def generate(batch, most):
        settings = {"max_new_tokens": most, "do_sample": False, "num_beams": 1}
        return model.generate(**batch, **settings, pad_token_id=tokenizer.pad_token_id)

    generate(batches[0], options.warmup_tokens)
    ends = ends_of(model)
    tokens, seconds = 0, 0.0
    for batch in batches:
        start = time.perf_counter()
        rows = generate(batch, options.new_tokens)
        seconds += time.perf_counter() - start
        tokens += sum(written(row, ends) for row in rows[:, batch["input_ids"].shape[1] :].tolist())
    print(json.dumps({"tokens": tokens, "seconds": seconds}))


if __name__ == "__main__":
    main()
