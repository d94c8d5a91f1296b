"""Saves and loads adapters with peft, for tests/integration/peft_test.ts.

    python peft_peer.py save BASE FOLDER IDS    saves an adapter of each kind, with random numbers, below FOLDER
    python peft_peer.py load BASE FOLDER IDS    loads each adapter below FOLDER
    python peft_peer.py bare FOLDER IDS         loads each model below FOLDER unchanged

Prints as JSON the logits [tokens, vocabulary] of the ids, a comma-separated list, by the adapter's or model's name.
"""

import json
import sys
from pathlib import Path

import torch
import torch.distributed.tensor  # peft looks for it without importing it
from peft import IA3Config, LoraConfig, PeftModel, PrefixTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM

TASK = {"task_type": "CAUSAL_LM"}
EVERY = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ADAPTERS = {
    "lora": LoraConfig(**TASK, r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
    "rslora": LoraConfig(**TASK, r=8, lora_alpha=4, use_rslora=True, target_modules="all-linear"),
    "dora": LoraConfig(**TASK, r=4, lora_alpha=8, use_dora=True, target_modules=EVERY, layers_to_transform=[2, 4]),
    "ia3": IA3Config(**TASK),
    "prefix": PrefixTuningConfig(**TASK, num_virtual_tokens=5),
}


def logits(model, ids):
    given = torch.tensor([ids])
    with torch.no_grad():
        return model.eval()(input_ids=given, attention_mask=torch.ones_like(given)).logits[0].tolist()


def load(base):
    return AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.float32)


def save(base, folder, ids):
    found = {}
    for name, config in ADAPTERS.items():
        torch.manual_seed(len(name))
        model = get_peft_model(load(base), config)
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data += 0.2 * torch.randn(parameter.shape)
        model.save_pretrained(Path(folder) / name)
        found[name] = logits(model, ids)
    return found


def main():
    what, *places, text = sys.argv[1:]
    ids = [int(each) for each in text.split(",")]
    if what == "save":
        found = save(*places, ids)
    elif what == "load":
        folders = Path(places[1]).iterdir()
        found = {path.name: logits(PeftModel.from_pretrained(load(places[0]), path), ids) for path in folders}
    else:
        found = {path.name: logits(load(path), ids) for path in Path(places[0]).iterdir()}
    print(json.dumps(found))


main()
