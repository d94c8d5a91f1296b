#!/usr/bin/env python3
"""Records how pyreft prepares, trains and answers rows of its suites, for tests/integration/suites_test.ts.

    pip install -r ../shared/peer/requirements.txt
    python -B tests/goldens/make_tasks.py ../shared

tasks/<name>.safetensors: the initial values of a training, as `pyreft_run.py --dump-init` writes it.
tasks/roberta: a small RoBERTa with random weights and a head, whose tokens are bytes.
tasks/trainings.json: for each task its settings, the ids, labels and edited positions of its rows, the losses of the
first 20 steps, each the mean over its micro-batches, and for causal models the trained model's greedy completions of
the prompts of rows that it was not trained on, one by one. For pairs, whose input has the output of the previous row
(the last row's for the first) and whose labels are their own, the labels themselves.

Rows are prepared by pyreft's ReftDataset, to which a task adds only its template, and trained on by pyreft's own
trainers in file order; dropout is 0, since its draws have no counterpart. Everything else is unchanged from pyreft and
Trainer: the token prepended or appended, truncation on the right, clipping, and the mean over accumulated
micro-batches. There is one fix: IntervenableModel.zero_grad() of pyvene 0.1.8 skips the head, whose gradients then add
up over all steps of a run, so that torch's zero_grad replaces it where a head is trained.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.45.1", pyreft="0.1.0", pyvene="0.1.8", numpy="2.3.5", tokenizers="0.20.3")

import copy
import json
import logging
import sys
import tempfile
from pathlib import Path

import pyreft
import torch
from pyreft.dataset import ReftDataCollator, ReftDataset
from pyreft.reft_trainer import make_data_collator, make_dataloader
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    RobertaConfig,
    RobertaForSequenceClassification,
    TrainingArguments,
)
from transformers.trainer_utils import set_seed

STEPS = 20
TRAINED = 16
TESTED = 4
NEW_TOKENS = 32
WARMUP = 0.1

ALPACA = "Below is an instruction that describes a task. Write a response that appropriately completes the request."
WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request."
)
GSM8K = "\nAnswer the above question. First think step by step and then answer the final number.\n"


def commonsense(row):
    return f"{row['instruction']}\n", f"the correct answer is {row['answer']}"


def arithmetic(row):
    return f"{ALPACA}\n\n### Instruction:\n{row['question']}\n\n### Response:\n", row["answer"]


def gsm8k(row):
    return row["question"] + GSM8K, row["answer"].replace("####", "The final answer is: ")


def instruct(row):
    if not row.get("input"):
        return f"{ALPACA}\n\n### Instruction:\n{row['instruction']}\n\n### Response:\n", row["output"]
    parts = f"### Instruction:\n{row['instruction']}\n\n### Input:\n{row['input']}"
    return f"{WITH_INPUT}\n\n{parts}\n\n### Response:\n", row["output"]


LOREFT = {"kind": "loreft", "layers": [0, 1, 2, 3, 4], "rank": 8, "positions": "f7+l7", "tied": True}
USUAL = {"batchSize": 4, "gradientAccumulation": 2, "learningRate": 9e-4, "maxLength": 384}
TASKS = {
    "commonsense": {**LOREFT, **USUAL, "task": "ARC-Easy", "rows": "commonsense/arc_easy.train.jsonl"},
    "math": {**LOREFT, **USUAL, "task": "gsm8k", "rows": "arithmetic/gsm8k.official.train.jsonl"},
    "gsm8k": {
        **LOREFT,
        **USUAL,
        **{"kind": "nodireft", "rank": 4, "tied": False, "weightDecay": 0.06},
        **{"batchSize": 2, "gradientAccumulation": 4, "task": "gsm8k_own"},
        "rows": "arithmetic/gsm8k.official.train.jsonl",
    },
    "instruct": {
        **LOREFT,
        **USUAL,
        **{"layers": [0, 2, 3], "rank": 4, "positions": "f5+l5", "tied": False, "task": "ultrafeedback"},
        "rows": "instruct/alpaca_demo.jsonl",
    },
    "pairs": {
        **LOREFT,
        **USUAL,
        **{"layers": [1, 3], "rank": 4, "positions": "f5+l5", "tied": False, "task": "ultrafeedback_pair"},
        "rows": "instruct/alpaca_demo.jsonl",
    },
}
TEMPLATES = {"commonsense": commonsense, "math": arithmetic, "gsm8k": gsm8k, "instruct": instruct, "pairs": instruct}
GLUE = {
    **{"kind": "loreft", "layers": [0, 1], "rank": 1, "positions": "f3", "tied": False, "task": "rte"},
    **{"batchSize": 4, "gradientAccumulation": 1, "learningRate": 9e-4, "maxLength": 128, "rows": "glue/rte.train.jsonl"},
}


class Generation(ReftDataset):
    """Prompt and completion as one string, truncated on the right; labels begin after the prompt's own length."""

    def preprocess(self, settings):
        self.template = settings["template"]

    def tokenize(self, row):
        prompt, completion = self.template(row)
        ids = lambda text: self.tokenizer(
            text, max_length=self.tokenizer.model_max_length, truncation=True, return_tensors="pt"
        )["input_ids"][0]
        asked = ids(prompt)
        if self.data_split != "train":
            return {"input_ids": asked}, len(asked)
        whole = ids(prompt + completion + self.tokenizer.eos_token)
        labels = copy.deepcopy(whole)
        labels[: len(asked)] = -100
        if "rejected" in row:
            read = ids(prompt + row["rejected"] + self.tokenizer.eos_token)
            filled = lambda tokens, by: torch.cat([tokens, torch.full((max(len(whole), len(read)) - len(tokens),), by)])
            whole, labels = filled(read, self.tokenizer.pad_token_id), filled(labels, -100)
        return {"input_ids": whole, "labels": labels}, len(asked)


class Pairs(ReftDataset):
    """Two sentences and a class; the token that missing positions edit is appended."""

    def preprocess(self, settings):
        self.pad_mode, self.fields_to_pad = "last", ["input_ids"]

    def tokenize(self, row):
        ids = self.tokenizer(
            row["sentence1"],
            row["sentence2"],
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )["input_ids"][0]
        return {"input_ids": ids, "labels": row["label"]}, len(ids)


def in_order(trainer):
    """A trainer that takes rows in order and records the unrounded loss of every micro-batch."""

    class InOrder(trainer):
        losses = []

        def get_train_dataloader(self):
            return make_dataloader(self.train_dataset, self._train_batch_size, self.data_collator, shuffle=False)

        def compute_loss(self, intervenable, inputs, return_outputs=False):
            loss = super().compute_loss(intervenable, inputs)
            self.losses = [*self.losses, loss.item()]
            return loss

    return InOrder


def numbered(path, count, fits, start=0):
    """The first suitable rows from an index on, with their indices."""
    with open(path, encoding="utf-8") as lines:
        rows = ((at, json.loads(line)) for at, line in enumerate(lines) if at >= start)
        return [(at, row) for (at, row), _ in zip((each for each in rows if fits(each[1])), range(count))]


def tuned(peer, base, settings, component, initial):
    """A model with interventions whose initial values are those of the file, which is written first."""
    sides = 1 if settings["tied"] or "+" not in settings["positions"] else 2
    kind = getattr(pyreft, peer.KINDS[settings["kind"]])
    representations = [
        {
            **component(layer),
            "low_rank_dimension": settings["rank"],
            "intervention": kind(
                embed_dim=base.config.hidden_size,
                low_rank_dimension=settings["rank"],
                dropout=0.0,
                dtype=torch.float32,
                add_bias=False,
            ),
        }
        for layer in settings["layers"] * sides
    ]
    reft = pyreft.get_reft_model(base, pyreft.ReftConfig(representations=representations))
    interventions = [each[0] if isinstance(each, (list, tuple)) else each for each in reft.interventions.values()]
    save_file(peer.dump(interventions), initial)
    placed = load_file(initial)
    for index, intervention in enumerate(interventions):
        peer.place(intervention, index, placed)
    return reft, len(interventions)


def trained(trainer, reft, tokenizer, settings, rows, collator):
    """The losses of the first steps."""
    steps = len(rows) // (settings["batchSize"] * settings["gradientAccumulation"])
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            output_dir=out,
            num_train_epochs=STEPS // steps,
            per_device_train_batch_size=settings["batchSize"],
            gradient_accumulation_steps=settings["gradientAccumulation"],
            learning_rate=settings["learningRate"],
            weight_decay=settings.get("weightDecay", 0.0),
            lr_scheduler_type="linear",
            warmup_ratio=WARMUP,
            save_strategy="no",
            disable_tqdm=True,
            remove_unused_columns=False,
            report_to=[],
            use_cpu=True,
        )
        made = in_order(trainer)(
            model=reft, tokenizer=tokenizer, args=arguments, train_dataset=rows, data_collator=collator
        )
        reft.train()
        reft.model.train()
        made.train()
    each = settings["gradientAccumulation"]
    return [number(sum(made.losses[at : at + each]) / each) for at in range(0, len(made.losses), each)]


def as_lists(dataset):
    """Rows prepared by pyreft: ids as text, labels as the number of unlabelled tokens before the others, whose labels
    are the ids, and the positions of the first and the last intervention; those of one side are all the same."""
    found = []
    for row in dataset:
        ids, at, labels, taught = row["input_ids"].tolist(), row["intervention_locations"], row.get("labels"), None
        half = at[: len(at) // 2] if at[0] != at[-1] else at
        assert all(each == at[0] for each in half) and all(each == at[-1] for each in at[len(half) :])
        if torch.is_tensor(labels):
            untaught = next(at for at, label in enumerate(labels.tolist()) if label != -100)
            taught = [label for label in labels.tolist() if label != -100]
            assert labels.tolist() == [-100] * untaught + taught + [-100] * (len(ids) - untaught - len(taught))
            labels = untaught
        found.append(
            {
                "ids": " ".join(map(str, ids)),
                **({} if labels is None else {"labels": labels}),
                **({} if taught is None or ids[labels:] == taught else {"taught": " ".join(map(str, taught))}),
                "positions": [at[0], at[-1]],
            }
        )
    return found


def answers(reft, tokenizer, dataset):
    """The greedy completion of each prompt by itself."""
    reft.eval()
    reft.model.eval()
    texts = []
    for row in dataset:
        ids, at = row["input_ids"], row["intervention_locations"]
        with torch.no_grad():
            _, written = reft.generate(
                {"input_ids": ids[None], "attention_mask": row["attention_mask"][None]},
                unit_locations={"sources->base": (None, [[each] for each in at])},
                intervene_on_prompt=True,
                eos_token_id=tokenizer.eos_token_id,
                max_new_tokens=NEW_TOKENS,
                do_sample=False,
            )
        texts.append(tokenizer.decode(written[0][len(ids) :], skip_special_tokens=True))
    return texts


def generation(peer, shared, folder, name):
    settings, template = TASKS[name], TEMPLATES[name]
    set_seed(42)
    source = shared / "models/stories260k"
    base = AutoModelForCausalLM.from_pretrained(source, torch_dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(source, model_max_length=settings["maxLength"], padding_side="right")
    tokenizer.pad_token = tokenizer.unk_token
    reft, count = tuned(
        peer, base, settings, lambda layer: {"layer": layer, "component": "block_output"}, folder / f"{name}.safetensors"
    )
    rows, length = shared / "tasks/data" / settings["rows"], lambda text: len(tokenizer(text)["input_ids"])
    # Rows that still have labels after truncation, and rows that fit the model's context.
    learned = numbered(rows, TRAINED, lambda row: length(template(row)[0]) < settings["maxLength"] - 8)
    context = base.config.max_position_embeddings
    tested = numbered(rows, TESTED, lambda row: length("".join(template(row))) < context - 8, learned[-1][0] + 1)
    if name == "pairs":
        others = [learned[-1], *learned]
        learned = [(at, {**row, "rejected": other["output"]}) for (at, row), (_, other) in zip(learned, others)]
    made = lambda rows, split: Generation(
        name,
        None,
        tokenizer,
        data_split=split,
        dataset=[row for _, row in rows],
        template=template,
        position=settings["positions"],
        num_interventions=count,
        share_weights=settings["tied"],
    )
    seen, asked = made(learned, "train"), made(tested, "test")
    losses = trained(
        pyreft.ReftTrainerForCausalLM, reft, tokenizer, settings, seen, make_data_collator(tokenizer, base)
    )
    return {
        **settings,
        "trained": [at for at, _ in learned],
        "tested": [at for at, _ in tested],
        "prepared": as_lists(seen),
        "asked": as_lists(asked),
        "losses": losses,
        "newTokens": NEW_TOKENS,
        "answers": answers(reft, tokenizer, asked),
    }


def roberta(folder):
    """A RoBERTa of two blocks with a head, random weights, no dropout, and a token for each byte."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "<mask>"]
    made = Tokenizer(models.BPE({piece: id for id, piece in enumerate(pieces)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([piece for piece in pieces if piece.startswith("<") and piece.endswith(">")])
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    set_seed(42)
    model = RobertaForSequenceClassification(
        RobertaConfig(
            vocab_size=len(pieces),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=140,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.2,
            num_labels=2,
        )
    )
    model.save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    names = {"bos": "<s>", "pad": "<pad>", "eos": "</s>", "unk": "<unk>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}
    config = {f"{name}_token": piece for name, piece in names.items()}
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer", **config})


def glue(peer, shared, folder, trains_head):
    source = folder / "roberta"
    set_seed(42)
    base = AutoModelForSequenceClassification.from_pretrained(source, torch_dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(source, model_max_length=GLUE["maxLength"], padding_side="right")
    tokenizer.pad_token = tokenizer.unk_token
    component = lambda layer: {"component": f"roberta.encoder.layer[{layer}].output"}
    reft, count = tuned(peer, base, GLUE, component, folder / "glue.safetensors")
    if trains_head:
        for parameter in reft.model.classifier.parameters():
            parameter.requires_grad = True
        reft.zero_grad = lambda: torch.nn.Module.zero_grad(reft)
    chosen = numbered(shared / "tasks/data" / GLUE["rows"], TRAINED, lambda row: True)
    seen = Pairs(
        "rte",
        None,
        tokenizer,
        dataset=[row for _, row in chosen],
        position=GLUE["positions"],
        num_interventions=count,
        share_weights=False,
    )
    collator = ReftDataCollator(DataCollatorWithPadding(tokenizer, padding="longest"))
    losses = trained(pyreft.ReftTrainerForSequenceClassification, reft, tokenizer, GLUE, seen, collator)
    return {
        **GLUE,
        "trainsHead": trains_head,
        "trained": [at for at, _ in chosen],
        "prepared": as_lists(seen),
        "losses": losses,
    }


def main(shared):
    sys.path.insert(0, str(shared / "peer"))
    import pyreft_run as peer

    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    folder = Path(__file__).with_name("tasks")
    (folder / "roberta").mkdir(parents=True, exist_ok=True)
    found = {name: generation(peer, shared, folder, name) for name in TASKS}
    roberta(folder / "roberta")
    heads = [glue(peer, shared, folder, trains_head) for trains_head in (False, True)]
    write_json(folder / "trainings.json", {"warmup": WARMUP, "generation": found, "glue": heads})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve())
