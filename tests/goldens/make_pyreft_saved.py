#!/usr/bin/env python3
"""Records folders that pyreft's ReftModel.save writes, for tests/integration/interchange_test.ts.

    pip install -r ../shared/peer/requirements.txt
    python -B tests/goldens/make_pyreft_saved.py ../shared

pyreft_saved/<kind>/: an intervention of block 3 of stories260k for each side of f2+l3, with random numbers.
pyreft_saved/losses.json: pyreft's mean loss with them over the first rows. Where the folder has bfloat16, the loss is
that of the rounded numbers in float32, since pyreft cannot edit a float32 model with bfloat16.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.45.1", pyreft="0.1.0", pyvene="0.1.8")

import json
import shutil
import sys
from pathlib import Path

import pyreft
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROWS = 4
BLOCK = 3
RANK = 4
FIRST, LAST = 2, 3
# pyreft also gives the projection of Nodireft a bias, which its forward never reads.
BIASED = {"noreft", "nodireft-bias"}
KINDS = {
    "loreft": ("LoreftIntervention", torch.bfloat16),
    "noreft": ("NoreftIntervention", torch.float32),
    "consreft": ("ConsreftIntervention", torch.float32),
    "lobireft": ("LobireftIntervention", torch.float32),
    "direft": ("DireftIntervention", torch.float32),
    "nodireft": ("NodireftIntervention", torch.bfloat16),
    "nodireft-bias": ("NodireftIntervention", torch.bfloat16),
}


def intervene(model, kind):
    name, dtype = KINDS[kind]
    make = lambda: getattr(pyreft, name)(
        embed_dim=model.config.hidden_size, low_rank_dimension=RANK, dtype=dtype, add_bias=kind in BIASED
    )
    places = [
        {"layer": BLOCK, "component": "block_output", "low_rank_dimension": RANK, "intervention": make()} for _ in range(2)
    ]
    return pyreft.get_reft_model(model, pyreft.ReftConfig(representations=places))


def trained(reft):
    """Moves every number away from its initial value, as a training would."""
    for module in reft.interventions.values():
        intervention = module[0] if isinstance(module, (list, tuple)) else module
        for name, parameter in intervention.named_parameters():
            noise = 0.2 * torch.randn(parameter.shape)
            if name.endswith("original"):
                noise = noise.tril(-1)
            parameter.data.add_(noise.to(parameter.dtype))
        yield intervention


def loss_of(reft, tokenizer, rows):
    total, count = 0.0, 0
    for row in rows:
        prompt = tokenizer(row["instruction"] + "\n")["input_ids"]
        completion = tokenizer(row["answer"], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        tokens = torch.tensor([prompt + completion])
        labels = torch.tensor([[-100] * len(prompt) + completion])
        sides = [[list(range(FIRST))], [list(range(len(prompt) - LAST, len(prompt)))]]
        with torch.no_grad():
            given = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
            _, output = reft(given, unit_locations={"sources->base": (None, sides)}, labels=labels)
        total += output.loss.item() * len(completion)
        count += len(completion)
    return number(total / count)


def main(shared):
    folder = Path(__file__).with_name("pyreft_saved")
    source = shared / "models/stories260k"
    tokenizer = AutoTokenizer.from_pretrained(source)
    with open(shared / "data/multiarith.test.jsonl", encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(ROWS))]
    losses = {}
    for kind in KINDS:
        torch.manual_seed(0)
        reft = intervene(AutoModelForCausalLM.from_pretrained(source, torch_dtype=torch.float32), kind)
        interventions = list(trained(reft))
        shutil.rmtree(folder / kind, ignore_errors=True)
        reft.save(save_directory=str(folder / kind))
        for intervention in interventions:
            intervention.float()
        losses[kind] = loss_of(reft, tokenizer, rows)
    write_json(folder / "losses.json", losses)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve())
