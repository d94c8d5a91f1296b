#!/usr/bin/env python3
"""Records how peft trains adapters of the stories260k model, for tests/integration/adapters_test.ts.

    pip install -r ../shared/peer/requirements.txt peft==0.21.2
    python -B tests/goldens/make_peft.py ../shared

peft/<name>.safetensors: the initial values of a training, adapter by adapter, block by block and in the order of the
modules; for a prefix each block's keys and values.
peft/losses.json: for each adapter, on all tokens and on only the prompt's (PreFT, arXiv 2605.14217), its settings, the
losses of all steps, an epoch a line, and its greedy completions of the first prompts before training.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.45.1", peft="0.21.2")

import json
import math
import sys
from pathlib import Path

import torch
import torch.distributed.tensor  # peft looks for it without importing it
from peft import IA3Config, LoraConfig, PrefixTuningConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, get_linear_schedule_with_warmup

ROWS = 24
BATCH = 4
EPOCHS = 4
PROMPTS = 4
NEW_TOKENS = 12
EVERY = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ADAPTERS = {
    "lora": {"kind": "lora", "rank": 4, "alpha": 8, "modules": ["q_proj", "v_proj"], "blocks": [0, 1, 2, 3, 4]},
    "rslora": {"kind": "lora", "rank": 8, "alpha": 4, "rankStabilized": True, "modules": EVERY, "blocks": [3, 4]},
    "dora": {"kind": "dora", "rank": 4, "alpha": 8, "modules": ["q_proj", "down_proj"], "blocks": [2, 4]},
    "ia3": {"kind": "ia3", "modules": ["k_proj", "v_proj", "down_proj"], "blocks": [0, 1, 2, 3, 4]},
    "prefix": {"kind": "prefixTuning", "tokens": 6},
}
OF_PROMPTS = ["lora", "rslora", "dora", "ia3"]


def config_of(settings):
    if settings["kind"] == "prefixTuning":
        return PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=settings["tokens"])
    if settings["kind"] == "ia3":
        return IA3Config(task_type="CAUSAL_LM", target_modules=settings["modules"], feedforward_modules=["down_proj"])
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        use_rslora=settings.get("rankStabilized", False),
        use_dora=settings["kind"] == "dora",
        target_modules=settings["modules"],
        layers_to_transform=settings["blocks"],
    )


def tensors_of(model, settings):
    """The trainable tensors by the names under which they are saved; a prefix is one tensor, saved in parts."""
    found = dict(model.named_parameters())
    if settings["kind"] == "prefixTuning":
        return {"prefix": found["prompt_encoder.default.embedding.weight"]}
    low_rank = {"lora_A": "lora_A.default.weight", "lora_B": "lora_B.default.weight"}
    parts = {
        "lora": low_rank,
        "dora": {**low_rank, "magnitude": "lora_magnitude_vector.default.weight"},
        "ia3": {"scale": "ia3_l.default"},
    }
    named = {}
    places = [(block, module) for block in settings["blocks"] for module in settings["modules"]]
    for index, (block, module) in enumerate(places):
        part = "mlp" if module in ("gate_proj", "up_proj", "down_proj") else "self_attn"
        for name, suffix in parts[settings["kind"]].items():
            named[f"{index}.{name}"] = found[f"base_model.model.model.layers.{block}.{part}.{module}.{suffix}"]
    assert len(named) == sum(parameter.requires_grad for parameter in found.values())
    return named


def prefix_parts(prefix, config):
    """A prefix [tokens, blocks * 2 * heads * width] as each block's keys and values [heads, tokens, width]."""
    width = config.hidden_size // config.num_attention_heads
    split = prefix.view(len(prefix), config.num_hidden_layers, 2, config.num_key_value_heads, width).permute(1, 2, 3, 0, 4)
    return {f"{b}.{part}": split[b, at].contiguous() for b in range(len(split)) for at, part in enumerate(("key", "value"))}


def start(tensors, settings, config, path):
    """Draws all tensors at random, so that all have a gradient at the start, and writes them."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in tensors.items():
        drawn = torch.randn(tensor.shape, generator=generator) * 0.1
        if name.endswith(".magnitude"):
            tensor.data.mul_(1 + drawn)
        else:
            tensor.data.copy_(1 + drawn if settings["kind"] == "ia3" else drawn)
    kept = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    if settings["kind"] == "ia3":
        kept = {name: tensor.flatten() for name, tensor in kept.items()}
    if settings["kind"] == "prefixTuning":
        kept = prefix_parts(kept["prefix"], config)
    save_file(kept, path)


def examples(tokenizer, source):
    with open(source, encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(ROWS))]
    encode = lambda text, special: tokenizer(text, add_special_tokens=special)["input_ids"]
    return [(encode(row["instruction"] + "\n", True), encode(row["answer"], False) + [tokenizer.eos_token_id]) for row in rows]


class PromptTokens:
    """Makes each adapted module return its frozen output except at the prompts' tokens; peft has no such setting."""

    def __init__(self, model):
        self.mask = None
        for module in model.modules():
            if hasattr(module, "base_layer"):
                module.register_forward_hook(self.choose)

    def read(self, lengths, total):
        self.mask = torch.arange(total)[None, :] < torch.tensor(lengths)[:, None]

    def choose(self, module, given, adapted):
        return torch.where(self.mask[:, :, None], adapted, module.base_layer(given[0]))


def step(model, batch, prompts):
    """The loss of a batch, padded on the right."""
    length = max(len(prompt) + len(completion) for prompt, completion in batch)
    tokens = torch.zeros((len(batch), length), dtype=torch.long)
    labels, mask = torch.full_like(tokens, -100), torch.zeros_like(tokens)
    for row, (prompt, completion) in enumerate(batch):
        end = len(prompt) + len(completion)
        tokens[row, :end] = torch.tensor(prompt + completion)
        labels[row, len(prompt) : end] = torch.tensor(completion)
        mask[row, :end] = 1
    if prompts is not None:
        prompts.read([len(prompt) for prompt, _ in batch], length)
    return model(input_ids=tokens, attention_mask=mask, labels=labels).loss


def train(model, tensors, rows, prompts):
    optimizer = torch.optim.AdamW(tensors.values(), lr=5e-3, weight_decay=0.01)
    batches = [rows[at : at + BATCH] for at in range(0, ROWS, BATCH)]
    steps = EPOCHS * len(batches)
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(0.1 * steps), steps)
    losses = []
    for _ in range(EPOCHS):
        losses.append([])
        for batch in batches:
            loss = step(model, batch, prompts)
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            losses[-1].append(number(loss.item()))
    return losses


def written(model, tokenizer, rows, prompts):
    """Greedy texts, with a full pass for each token: peft's generate with a prefix needs newer transformers."""
    texts = []
    for prompt, _ in rows[:PROMPTS]:
        tokens = list(prompt)
        while len(tokens) < len(prompt) + NEW_TOKENS and tokens[-1] != tokenizer.eos_token_id:
            given = torch.tensor([tokens])
            if prompts is not None:
                prompts.read([len(prompt)], len(tokens))
            with torch.no_grad():
                tokens.append(int(model(input_ids=given, attention_mask=torch.ones_like(given)).logits[0, -1].argmax()))
        texts.append(tokenizer.decode(tokens[len(prompt) :], skip_special_tokens=True))
    return texts


def record(shared, folder, name, of_prompts=False):
    settings = ADAPTERS[name]
    source = shared / "models/stories260k"
    torch.manual_seed(0)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(source, torch_dtype=torch.float32), config_of(settings))
    tokenizer = AutoTokenizer.from_pretrained(source)
    rows = examples(tokenizer, shared / "data/multiarith.test.jsonl")
    tensors = tensors_of(model, settings)
    start(tensors, settings, model.config, folder / f"{name}.safetensors")
    prompts = PromptTokens(model) if of_prompts else None
    model.eval()
    texts = written(model, tokenizer, rows, prompts)
    model.train()
    placed = {"positions": "prompt"} if of_prompts else {}
    return {"name": name, **settings, **placed, "written": texts, "losses": train(model, tensors, rows, prompts)}


def main(shared):
    folder = Path(__file__).with_name("peft")
    folder.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    everywhere = [record(shared, folder, name) for name in ADAPTERS]
    write_json(folder / "losses.json", everywhere + [record(shared, folder, name, True) for name in OF_PROMPTS])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve())
