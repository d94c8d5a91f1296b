#!/usr/bin/env python3
"""Evaluates rows of ARC-Easy by lm-evaluation-harness and prints one JSON line: acc, acc_norm, and the seconds of the evaluation.

--data: JSON lines of { question, choices, gold }. The model is opened before, and a first row is scored and not
counted, since it reads the weights; building the requests counts.
"""

import argparse
import json
import time

import torch
from lm_eval.api.task import ConfigurableTask
from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "data"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("rows", "batch", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args()


def task_of(rows):
    """The harness's arc_easy over other rows."""
    import datasets

    return ConfigurableTask(
        config={
            "task": "arc_easy_rows",
            "custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(rows)},
            "output_type": "multiple_choice",
            "test_split": "test",
            "num_fewshot": 0,
            "doc_to_text": "Question: {{question}}\nAnswer:",
            "doc_to_target": "gold",
            "doc_to_choice": "choices",
            "metric_list": [
                {"metric": metric, "aggregation": "mean", "higher_is_better": True} for metric in ("acc", "acc_norm")
            ],
        }
    )


def scored(model, rows):
    found = evaluate(lm=model, task_dict={"arc_easy_rows": task_of(rows)}, bootstrap_iters=0, log_samples=False)
    return found["results"]["arc_easy_rows"]


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    with open(options.data, encoding="utf-8") as file:
        rows = [json.loads(line) for line, _ in zip(file, range(options.rows))]
    model = HFLM(pretrained=options.model, dtype="float32", device="cpu", batch_size=options.batch)
    scored(model, rows[:1])
    start = time.perf_counter()
    found = scored(model, rows)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "acc": found["acc,none"], "acc_norm": found["acc_norm,none"]}))


if __name__ == "__main__":
    main()
