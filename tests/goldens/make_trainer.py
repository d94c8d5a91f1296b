#!/usr/bin/env python3
"""Records trainings of all weights by transformers' own Trainer, for tests/integration/trainer_test.ts.

    pip install -r ../shared/peer/requirements.txt
    python -B tests/goldens/make_trainer.py ../shared

trainer.json: for each training its settings as TrainingArguments, the loss of every step, unrounded and before the
step, and the norm of its gradients before clipping. Rows are in file order, and only the completion and its
end-of-sequence token have labels; everything else is Trainer's default.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.45.1")

import json
import logging
import sys
import tempfile
from pathlib import Path

import torch
from torch.utils.data import SequentialSampler
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainingArguments,
)

ROWS = 64
USUAL = {"learning_rate": 1e-3, "num_train_epochs": 2, "per_device_train_batch_size": 8, "max_grad_norm": 1.0}
TRAININGS = {
    "cosine, clipped, with decay": {
        **USUAL,
        "lr_scheduler_type": "cosine",
        "warmup_ratio": 0.1,
        "weight_decay": 0.1,
        "max_grad_norm": 0.5,
    },
    "polynomial": {
        **USUAL,
        "lr_scheduler_type": "polynomial",
        "lr_scheduler_kwargs": {"power": 2.0, "lr_end": 1e-5},
        "warmup_steps": 3,
    },
    "linear over microbatches": {
        **USUAL,
        "lr_scheduler_type": "linear",
        "warmup_ratio": 0.2,
        "num_train_epochs": 4,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 4,
    },
    "inverse square root, adafactor": {
        **USUAL,
        "lr_scheduler_type": "inverse_sqrt",
        "warmup_steps": 4,
        "optim": "adafactor",
    },
    "constant, sgd": {
        **USUAL,
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": 2,
        "optim": "sgd",
        "learning_rate": 0.1,
    },
    "smoothed labels": {**USUAL, "lr_scheduler_type": "linear", "label_smoothing_factor": 0.1},
}


class InOrder(Trainer):
    """Takes rows in order, and records the loss of every batch."""

    losses = None

    def _get_train_sampler(self):
        return SequentialSampler(self.train_dataset)

    def compute_loss(self, model, inputs, return_outputs=False):
        loss = super().compute_loss(model, inputs)
        self.losses = [*(self.losses or []), loss.item()]
        return loss


def encoded(row, tokenizer):
    prompt = tokenizer(row["instruction"] + "\n")["input_ids"]
    whole = tokenizer(row["instruction"] + "\n" + row["output"])["input_ids"] + [tokenizer.eos_token_id]
    return {"input_ids": whole, "labels": [-100] * len(prompt) + whole[len(prompt) :]}


def record(model, settings):
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.pad_token = tokenizer.eos_token
    with open(model.parents[1] / "data/arc_easy.train.jsonl", encoding="utf-8") as lines:
        rows = [encoded(json.loads(line), tokenizer) for line, _ in zip(lines, range(ROWS))]
    base = AutoModelForCausalLM.from_pretrained(model, torch_dtype=torch.float32)
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            output_dir=out,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            **settings,
        )
        collator = DataCollatorForSeq2Seq(tokenizer, base)
        trainer = InOrder(model=base, args=arguments, train_dataset=rows, data_collator=collator)
        trainer.train()
    each = settings.get("gradient_accumulation_steps", 1)
    losses = [sum(trainer.losses[at : at + each]) / each for at in range(0, len(trainer.losses), each)]
    norms = [float(entry["grad_norm"]) for entry in trainer.state.log_history if "grad_norm" in entry]
    return {
        "settings": settings,
        "losses": [number(loss) for loss in losses],
        "gradientNorms": [number(norm) for norm in norms],
    }


def main(shared):
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    model = shared / "models/stories260k"
    trainings = {name: record(model, settings) for name, settings in TRAININGS.items()}
    write_json(Path(__file__).with_name("trainer.json"), {"rows": ROWS, "trainings": trainings})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve())
