#!/usr/bin/env python3
"""Records how trl trains an edit of pyreft's on preferences, for tests/integration/preferences_test.ts.

    pip install -r ../shared/peer/requirements.txt trl==0.11.4 rich==15.0.0
    python -B tests/goldens/make_preferences.py ../shared <folder of SmolLM2-135M-Instruct>

preferences/rows.jsonl: prompts with two answers. preferences/<model>.safetensors: the initial values of trainings,
drawn by pyreft. preferences/losses.json: for each model and objective the loss, the rewards of both answers, their
margin and accuracy of every step.

The edit is pyreft's LoreftIntervention on the prompt's last token, in a hook of the block; batches, log-likelihoods,
losses, rewards and steps are those of trl's DPOTrainer, CPOTrainer and RewardTrainer. RePS is in no released library: its loss is
implemented here from the paper (arXiv 2505.20809), over DPOTrainer's log-likelihoods.

With --time ROWS STEPS it instead prints the wall-clock and processor seconds of DPO's steps on that many rows each, and
writes nothing.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.45.1", trl="0.11.4", pyreft="0.1.0", pyvene="0.1.8", numpy="2.3.5")

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from pathlib import Path

import pyreft
import torch
import transformers
from datasets import Dataset
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torch.utils.data import SequentialSampler
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import CPOConfig, CPOTrainer, DPOConfig, DPOTrainer

ROWS = 12
BATCH = 4
RANK = 4
LEARNING_RATE = 5e-3

MODELS = {"stories260k": {"block": 3, "epochs": 3}, "smollm2": {"block": 15, "epochs": 1}}

DPO = {"trainer": DPOTrainer, "config": DPOConfig, "loss_type": "sigmoid"}
OBJECTIVES = {
    "dpo": {**DPO, "beta": 0.1},
    "dpo-smoothed": {**DPO, "beta": 0.5, "label_smoothing": 0.1},
    "ipo": {**DPO, "beta": 0.1, "loss_type": "ipo"},
    "simpo": {"trainer": CPOTrainer, "config": CPOConfig, "loss_type": "simpo", "cpo_alpha": 0.0, "beta": 2.0, "simpo_gamma": 0.5},
    "reps": {**DPO, "beta": 1.0},
}


def peer_of(shared):
    spec = importlib.util.spec_from_file_location("pyreft_run", shared / "peer/pyreft_run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(shared):
    """Questions with the right answer, and a wrong one alone or in a sentence, so that answers differ in length."""
    rows = []
    with open(shared / "data/arc_easy.train.jsonl", encoding="utf-8") as lines:
        for line, at in zip(lines, range(ROWS)):
            row = json.loads(line)
            right = int(row["answer"].removeprefix("answer"))
            wrong = f"answer{right % 4 + 1}"
            rejected = wrong if at % 2 == 0 else f"I think that it could be {wrong}, but am not sure"
            rows.append({"prompt": row["instruction"] + "\n", "chosen": row["output"], "rejected": rejected})
    return rows


def edited(model, block, initial, peer):
    """The model with a LoReFT intervention on one token per row of a block's output."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    width = model.config.hidden_size
    edit = pyreft.LoreftIntervention(embed_dim=width, low_rank_dimension=RANK, dtype=torch.float32, add_bias=False)
    peer.place(edit, 0, initial)
    model.edit = edit

    def hook(_, __, output):
        hidden = output[0].clone()
        rows = torch.arange(len(hidden))
        hidden[rows, model.edited] = edit(hidden[rows, model.edited].unsqueeze(1)).squeeze(1)
        return (hidden, *output[1:])

    model.model.layers[block].register_forward_hook(hook)
    return model


def reps_loss(trainer, chosen, rejected, reference_chosen, reference_rejected):
    """Equation 3 of the paper with a scale of 1, and its terms for the answers as their rewards."""
    weight = torch.clamp(reference_rejected - reference_chosen, min=1)
    better, worse = weight * chosen / trainer.tokens[0], rejected / trainer.tokens[1]
    return -functional.logsigmoid(better - worse), better.detach(), worse.detach()


def recording(base, name):
    """A trainer over rows in order that records its results for each batch."""

    class Recording(base):
        def _get_train_sampler(self):
            return SequentialSampler(self.train_dataset)

        def concatenated_forward(self, model, batch):
            labels = self.concatenated_inputs(
                batch, is_encoder_decoder=False, label_pad_token_id=-100, padding_value=self.padding_value, device="cpu"
            )["concatenated_labels"]
            counts = (labels != -100).sum(-1)
            self.tokens = counts[: len(counts) // 2], counts[len(counts) // 2 :]
            if hasattr(model, "edit"):
                model.edited = (labels != -100).int().argmax(-1) - 1
            return super().concatenated_forward(model, batch)

        def get_batch_loss_metrics(self, model, batch, train_eval="train"):
            loss, metrics = super().get_batch_loss_metrics(model, batch, train_eval)
            found = {name: metrics[f"rewards/{name}"] for name in ["chosen", "rejected", "margins", "accuracies"]}
            self.recorded.append({"loss": loss.item(), **{name: value.item() for name, value in found.items()}})
            return loss, metrics

        def training_step(self, model, inputs):
            start = time.time(), time.process_time()
            result = super().training_step(model, inputs)
            self.seconds.append([time.time() - start[0], time.process_time() - start[1]])
            return result

    Recording.recorded, Recording.seconds = [], []
    if name == "reps":
        Recording.dpo_loss = reps_loss
    return Recording


def train(folder, rows, settings, name, initial, peer, batch=BATCH, steps=-1):
    """The trainer's results, one record per step."""
    torch.manual_seed(0)
    load = lambda: AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if not tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id:
        # trl prepends this token to prompts, though the tokenizer itself does not.
        tokenizer.bos_token = None
    tokenizer.pad_token = tokenizer.eos_token
    objective = dict(OBJECTIVES[name])
    make, config = recording(objective.pop("trainer"), name), objective.pop("config")
    with tempfile.TemporaryDirectory() as out:
        arguments = config(
            output_dir=out, per_device_train_batch_size=batch, num_train_epochs=settings["epochs"], max_steps=steps, learning_rate=LEARNING_RATE,
            lr_scheduler_type="linear", warmup_steps=0, weight_decay=0.0, max_grad_norm=0.0, optim="adamw_torch",
            max_length=4096, max_prompt_length=4000, use_cpu=True, report_to="none", save_strategy="no",
            logging_strategy="no", remove_unused_columns=False, disable_tqdm=True, **objective,
        )
        models = {"model": edited(load(), settings["block"], initial, peer)}
        if make.__mro__[1] is DPOTrainer:
            models["ref_model"] = load()
        trainer = make(**models, args=arguments, tokenizer=tokenizer, train_dataset=Dataset.from_list(rows))
        require_tokens(trainer.train_dataset, rows, tokenizer)
        trainer.train()
    return trainer


def require_tokens(dataset, rows, tokenizer):
    """Refuses rows that trl does not encode like a prompt and its answer as one string."""
    for made, row in zip(dataset, rows):
        for answer in ["chosen", "rejected"]:
            whole = tokenizer(row["prompt"] + row[answer])["input_ids"] + [tokenizer.eos_token_id]
            prompt = len(tokenizer(row["prompt"])["input_ids"])
            assert made[f"{answer}_input_ids"] == whole, row
            assert made[f"{answer}_labels"] == [-100] * prompt + whole[prompt:], row


def initial_of(folder, path):
    """The initial values of a training: drawn by pyreft, and written once."""
    if not path.exists():
        torch.manual_seed(7)
        width = transformers.AutoConfig.from_pretrained(folder).hidden_size
        edit = pyreft.LoreftIntervention(embed_dim=width, low_rank_dimension=RANK, dtype=torch.float32, add_bias=False)
        source = edit.learned_source
        tensors = {"0.rotate": edit.rotate_layer.weight, "0.weight": source.weight, "0.bias": source.bias}
        save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, path)
    return load_file(path)


def steps_of(recorded):
    names = ["loss", "chosen", "rejected", "margins", "accuracies"]
    return {name: [number(step[name]) for step in recorded] for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("smollm2", type=Path)
    parser.add_argument("--time", type=int, nargs=2)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = Path(__file__).parent / "preferences"
    folder.mkdir(exist_ok=True)
    peer = peer_of(arguments.shared)
    models = {"stories260k": arguments.shared / "models/stories260k", "smollm2": arguments.smollm2}
    if arguments.time:
        batch, steps = arguments.time
        rows = [json.loads(line) for line in open(arguments.data, encoding="utf-8")]
        initial = initial_of(models["smollm2"], folder / "smollm2.safetensors")
        trainer = train(models["smollm2"], rows, MODELS["smollm2"], "dpo", initial, peer, batch, steps)
        print(json.dumps({"stepSeconds": trainer.seconds, "losses": [step["loss"] for step in trainer.recorded]}))
        return
    rows = rows_of(arguments.shared)
    with open(folder / "rows.jsonl", "w", encoding="utf-8") as out:
        for row in rows:
            print(json.dumps(row), file=out)
    found = {}
    for model, settings in MODELS.items():
        initial = initial_of(models[model], folder / f"{model}.safetensors")
        found[model] = {**settings, "rank": RANK, "objectives": {}}
        for name in OBJECTIVES:
            found[model]["objectives"][name] = steps_of(
                train(models[model], rows, settings, name, initial, peer).recorded
            )
        shared = {"batchSize": BATCH, "learningRate": LEARNING_RATE}
        write_json(folder / "losses.json", {**shared, "models": found})


if __name__ == "__main__":
    main()
