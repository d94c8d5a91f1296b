#!/usr/bin/env python3
"""Records how trl trains a reward model over an edit of pyreft's, for tests/integration/preferences_test.ts.

    python -B tests/goldens/make_reward.py ../shared    (in the environment of make_preferences.py, after it)

preferences/reward.safetensors: the initial head. preferences/reward.json: each step's loss and rewards of trl's
RewardTrainer on stories260k with a coefficient that centres rewards, over preferences/rows.jsonl.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from torch.utils.data import SequentialSampler
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from trl import RewardConfig, RewardTrainer

from make_preferences import BATCH, LEARNING_RATE, MODELS, edited, number, peer_of, write_json

EPOCHS = 3
CENTERING = 0.01


class Recording(RewardTrainer):
    """Iterates over rows in order, sets the edited token of each, and records its results."""

    recorded, taken = [], 0

    def _get_train_sampler(self):
        return SequentialSampler(self.train_dataset)

    def compute_loss(self, model, inputs, return_outputs=False):
        rows = len(inputs["input_ids_chosen"])
        at = [self.prompts[(self.taken + row) % len(self.prompts)] - 1 for row in range(rows)]
        self.taken += rows
        model.edited = torch.tensor(at)
        loss, rewards = super().compute_loss(model, inputs, return_outputs=True)
        chosen, rejected = rewards["rewards_chosen"].detach(), rewards["rewards_rejected"].detach()
        found = {"chosen": chosen, "rejected": rejected, "margins": chosen - rejected}
        accuracies = (chosen > rejected).float().mean().item()
        means = {name: value.mean().item() for name, value in found.items()}
        self.recorded.append({"loss": loss.item(), **means, "accuracies": accuracies})
        return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    torch.set_num_threads(1)
    folder, model_folder = Path(__file__).parent / "preferences", shared / "models/stories260k"
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    # The reward is read at the end-of-sequence token, which must not count as padding.
    tokenizer.pad_token = tokenizer.unk_token
    encoded, prompts = [], []
    for row in map(json.loads, open(folder / "rows.jsonl", encoding="utf-8")):
        prompts.append(len(tokenizer(row["prompt"])["input_ids"]))
        columns = {}
        for answer in ["chosen", "rejected"]:
            ids = tokenizer(row["prompt"] + row[answer])["input_ids"] + [tokenizer.eos_token_id]
            assert tokenizer.pad_token_id not in ids
            columns |= {f"input_ids_{answer}": ids, f"attention_mask_{answer}": [1] * len(ids)}
        encoded.append(columns)
    torch.manual_seed(11)
    model = AutoModelForSequenceClassification.from_pretrained(model_folder, num_labels=1, torch_dtype=torch.float32)
    model.config.pad_token_id = tokenizer.pad_token_id
    save_file({"0.score.weight": model.score.weight.detach().clone()}, folder / "reward.safetensors")
    block, initial = MODELS["stories260k"]["block"], load_file(folder / "stories260k.safetensors")
    edited(model, block, initial, peer_of(shared))
    model.score.weight.requires_grad_(True)
    with tempfile.TemporaryDirectory() as out:
        arguments = RewardConfig(
            output_dir=out, per_device_train_batch_size=BATCH, num_train_epochs=EPOCHS, learning_rate=LEARNING_RATE,
            lr_scheduler_type="linear", warmup_steps=0, weight_decay=0.0, max_grad_norm=0.0, optim="adamw_torch",
            max_length=4096, use_cpu=True, report_to="none", save_strategy="no", logging_strategy="no",
            remove_unused_columns=False, disable_tqdm=True, center_rewards_coefficient=CENTERING,
        )
        trainer = Recording(model=model, args=arguments, tokenizer=tokenizer, train_dataset=Dataset.from_list(encoded))
        trainer.prompts = prompts
        trainer.train()
    names = ["loss", "chosen", "rejected", "margins", "accuracies"]
    steps = {name: [number(step[name]) for step in trainer.recorded] for name in names}
    write_json(folder / "reward.json", {"centering": CENTERING, "epochs": EPOCHS, "steps": steps})


if __name__ == "__main__":
    main()
