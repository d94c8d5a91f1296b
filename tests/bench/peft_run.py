#!/usr/bin/env python3
"""Trains LoRA with peft and prints one JSON line, as ../shared/peer/pyreft_run.py does for an intervention.

Data: one {"prompt", "completion"} object a line, in file order; batches are padded on the right to their longest
row; the loss is on the completion's tokens and the end-of-sequence token. --init: a safetensors file with, for the i-th
module, `i.lora_A` [rank, inputs] and `i.lora_B` [outputs, rank]; a block's modules follow one another.
"""

import argparse
import json
import math
import time

import torch
import torch.distributed.tensor  # peft looks for it without importing it
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, get_linear_schedule_with_warmup


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "data", "layers", "modules"):
        parser.add_argument(f"--{name}", required=True, help="as in 3;9;18" if name == "layers" else None)
    for name in ("rank", "epochs", "batch", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("lr", "warmup"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--steps", type=int, help="stop after so many steps")
    parser.add_argument("--init")
    parser.add_argument("--dump-init")
    return parser.parse_args()


def encode(tokenizer, path):
    with open(path, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    ids = lambda text, special: tokenizer(text, add_special_tokens=special)["input_ids"]
    return [(ids(row["prompt"], True), ids(row["completion"], False) + [tokenizer.eos_token_id]) for row in rows]


def step(model, batch):
    length = max(len(prompt) + len(completion) for prompt, completion in batch)
    tokens = torch.zeros((len(batch), length), dtype=torch.long)
    labels, mask = torch.full_like(tokens, -100), torch.zeros_like(tokens)
    for row, (prompt, completion) in enumerate(batch):
        end = len(prompt) + len(completion)
        tokens[row, :end] = torch.tensor(prompt + completion)
        labels[row, len(prompt) : end] = torch.tensor(completion)
        mask[row, :end] = 1
    return model(input_ids=tokens, attention_mask=mask, labels=labels).loss


def main():
    options = parse()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    base = AutoModelForCausalLM.from_pretrained(options.model, torch_dtype=torch.float32)
    blocks, modules = [int(block) for block in options.layers.split(";")], options.modules.split(",")
    settings = {"r": options.rank, "lora_alpha": options.rank, "target_modules": modules, "layers_to_transform": blocks}
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", **settings))
    found = dict(model.named_parameters())
    places = [(block, module) for block in blocks for module in modules]
    tensors = {
        f"{index}.{part}": found[f"base_model.model.model.layers.{block}.self_attn.{module}.{part}.default.weight"]
        for index, (block, module) in enumerate(places)
        for part in ("lora_A", "lora_B")
    }
    if options.init:
        for name, value in load_file(options.init).items():
            tensors[name].data.copy_(value)
    if options.dump_init:
        save_file({name: tensor.detach().clone() for name, tensor in tensors.items()}, options.dump_init)
    rows = encode(tokenizer, options.data)
    batches = [rows[at : at + options.batch] for at in range(0, len(rows), options.batch)]
    total = options.epochs * len(batches)
    optimizer = torch.optim.AdamW(tensors.values(), lr=options.lr, weight_decay=0)
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(options.warmup * total), total)
    model.train()
    losses, seconds = [], []
    for index in range(min(total, options.steps or total)):
        start = time.time()
        loss = step(model, batches[index % len(batches)])
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seconds.append(time.time() - start)
    print(json.dumps({"losses": losses, "step_s": seconds}))


if __name__ == "__main__":
    main()
