#!/usr/bin/env python3
"""Records trainings by pyreft's own ReftTrainer that are validated after each epoch and keep the best, for
tests/integration/validation_test.ts.

    pip install -r ../shared/peer/requirements.txt
    python -B tests/goldens/make_validation.py ../shared PATH/TO/SmolLM2-135M-Instruct [the only one to make again]

validation/<model>.safetensors: the initial values of a training.
validation/trainings.json: for each model its settings, the loss and the gradients' norm of every step, the loss of the
validation rows after each epoch, the step whose checkpoint transformers loads at the end, and the bias of the first
intervention once it is loaded.

The trainer is ReftTrainerForCausalLM with three changes: rows are in file order, so that both sides see the same
batches; compute_loss returns the loss itself where outputs are requested, without which transformers' evaluation fails;
and the best checkpoint is loaded onto the CPU, where pyvene hard-codes cuda:0. All validation rows run in one batch,
since transformers takes the mean of batch means.

Prefix and suffix differ in length with stories260k, and pyreft's locations are a rectangle: the shorter side has one of
its locations twice. pyvene assigns all at once, for which torch's gradient counts such a location twice; here they are
assigned one after the other, so that overwritten values have no gradient.

Rates are low enough that rounding does not grow: with stories260k, numbers that differ by 1e-7 at the start differ by 7e-7
in the losses at 5e-3, and by 5e-4 at 2e-2, in two runs of pyreft. With SmolLM2 at 1e-2, pyreft's own norms differ by 2.5e-3
between a processor with AVX2 and one with AVX-512; at 5e-3 Refract's norms are within 5.5e-5 of pyreft's.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.45.1", pyreft="0.1.0", pyvene="0.1.8", numpy="2.3.5")

import json
import logging
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import pyreft
import torch
from pyreft.reft_trainer import make_data_collator, make_dataloader
from pyvene.models import intervenable_base
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainingArguments
from transformers.trainer_utils import set_seed

# So few that training soon overfits.
TRAIN_ROWS = 8
VALIDATION_ROWS = 8
BATCH = 4
MAX_NORM = 1.0
WARMUP = 0.1
TRAININGS = {
    "stories260k": {"layers": [0, 1, 2, 3, 4], "first": 2, "last": 3, "rank": 4, "epochs": 12, "rate": 5e-3},
    "smollm2": {"layers": [15], "first": 0, "last": 1, "rank": 4, "epochs": 16, "rate": 5e-3},
}


def scatter_in_turn(hidden, edited, _component, _unit, locations, *_rest, **_settings):
    """pyvene's scatter_neurons for positions, one location after the other."""
    rows = torch.arange(hidden.shape[0])
    for at, places in enumerate(torch.tensor(locations).T):
        hidden[rows, places] = edited[:, at]
    return hidden


class Trainer(pyreft.ReftTrainerForCausalLM):
    """Records the unrounded loss of every step."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.losses = []

    def get_train_dataloader(self):
        return make_dataloader(self.train_dataset, self._train_batch_size, self.data_collator, shuffle=False)

    def compute_loss(self, intervenable, inputs, return_outputs=False):
        _, output = super().compute_loss(intervenable, inputs, return_outputs=True)
        if return_outputs:
            return output.loss, output
        self.losses.append(output.loss.item())
        return output.loss

    def _load_best_model(self):
        load = torch.load
        torch.load = lambda path, **_: load(path, map_location="cpu")
        try:
            super()._load_best_model()
        finally:
            torch.load = load


def encoded(rows, tokenizer, groups, first, last):
    """Rows in the form of pyreft's data sets: labels of only the completion, and the locations of each intervention."""
    found = []
    for row in rows:
        prompt = tokenizer(row["instruction"] + "\n")["input_ids"]
        whole = tokenizer(row["instruction"] + "\n" + row["answer"])["input_ids"] + [tokenizer.eos_token_id]
        border = len(prompt)
        sides = {"first": list(range(first)), "last": list(range(border - last, border))}
        locations = [(sides[side] * max(first, last))[: max(first, last)] for _, side in groups]
        found.append(
            {
                "input_ids": torch.tensor(whole),
                "labels": torch.tensor([-100] * border + whole[border:]),
                "attention_mask": torch.ones(len(whole), dtype=torch.long),
                "intervention_locations": torch.tensor(locations),
            }
        )
    return found


def record(peer, name, folder, source, rows):
    settings = TRAININGS[name]
    first, last, rank = settings["first"], settings["last"], settings["rank"]
    set_seed(0)
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(source, torch_dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(source)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    sides = [side for side in ("first", "last") if settings[side] > 0]
    groups = [(layer, side) for side in sides for layer in settings["layers"]]
    width = model.config.hidden_size
    representations = [
        {
            "layer": layer,
            "component": "block_output",
            "low_rank_dimension": rank,
            "intervention": pyreft.LoreftIntervention(
                embed_dim=width, low_rank_dimension=rank, dtype=torch.float32, add_bias=False
            ),
        }
        for layer, _ in groups
    ]
    reft = pyreft.get_reft_model(model, pyreft.ReftConfig(representations=representations))
    interventions = [each[0] if isinstance(each, (list, tuple)) else each for each in reft.interventions.values()]
    initial = folder / f"{name}.safetensors"
    save_file(peer.dump(interventions), initial)
    placed = load_file(initial)
    for index, intervention in enumerate(interventions):
        peer.place(intervention, index, placed)
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            output_dir=out,
            num_train_epochs=settings["epochs"],
            per_device_train_batch_size=BATCH,
            per_device_eval_batch_size=VALIDATION_ROWS,
            learning_rate=settings["rate"],
            lr_scheduler_type="linear",
            warmup_ratio=WARMUP,
            max_grad_norm=MAX_NORM,
            eval_strategy="epoch",
            save_strategy="epoch",
            load_best_model_at_end=True,
            metric_for_best_model="loss",
            logging_strategy="steps",
            logging_steps=1,
            disable_tqdm=True,
            remove_unused_columns=False,
            label_names=["labels"],
            report_to=[],
            use_cpu=True,
        )
        trainer = Trainer(
            model=reft,
            tokenizer=tokenizer,
            args=arguments,
            train_dataset=encoded(rows[:TRAIN_ROWS], tokenizer, groups, first, last),
            eval_dataset=encoded(rows[TRAIN_ROWS : TRAIN_ROWS + VALIDATION_ROWS], tokenizer, groups, first, last),
            data_collator=make_data_collator(tokenizer, model),
        )
        with patch.object(intervenable_base, "scatter_neurons", scatter_in_turn):
            trainer.train()
        history, chosen = trainer.state.log_history, trainer.state.best_model_checkpoint
    return {
        "model": name,
        "initial": initial.name,
        "blocks": settings["layers"],
        "positions": "+".join(f"{side[0]}{settings[side]}" for side in sides),
        "rank": rank,
        "epochs": settings["epochs"],
        "learningRate": settings["rate"],
        "warmup": WARMUP,
        "maxGradNorm": MAX_NORM,
        "batchSize": BATCH,
        "trainRows": TRAIN_ROWS,
        "validationRows": VALIDATION_ROWS,
        "losses": [number(loss) for loss in trainer.losses],
        "gradientNorms": [number(each["grad_norm"]) for each in history if "grad_norm" in each],
        "validation": [
            {"step": each["step"], "loss": number(each["eval_loss"])} for each in history if "eval_loss" in each
        ],
        "bias": [number(x) for x in interventions[0].learned_source.bias.tolist()],
        "bestStep": int(Path(chosen).name.split("-")[1]),
    }


def main(shared, smollm2, only=None):
    sys.path.insert(0, str(shared / "peer"))
    import pyreft_run as peer

    logging.disable(logging.WARNING)
    folder = Path(__file__).with_name("validation")
    folder.mkdir(exist_ok=True)
    with open(shared / "data/multiarith.test.jsonl", encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(TRAIN_ROWS + VALIDATION_ROWS))]
    sources = {"stories260k": shared / "models/stories260k", "smollm2": smollm2}
    trainings = folder / "trainings.json"
    kept = {each["model"]: each for each in json.loads(trainings.read_text())} if only else {}
    made = {name: record(peer, name, folder, sources[name], rows) for name in TRAININGS if only in (None, name)}
    write_json(trainings, [{**kept, **made}[name] for name in TRAININGS])


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(*(Path(path).resolve() for path in sys.argv[1:3]), *sys.argv[3:])
