"""Scores multiple-choice rows with lm-evaluation-harness 0.4.13, for choices_test and lm_eval_test.

    pip install lm_eval==0.4.13 torch transformers
    choices_peer.py MODEL QUESTIONS.jsonl CONTEXTS.jsonl REQUESTS.jsonl
    choices_peer.py MODEL REQUESTS.jsonl

Each row has a `question`, `options` and the right one as `answer`; rows of the second file also the text that follows
each option, `rest`. Prints one JSON line: for both files the log-likelihoods of every row's requests, and the metrics
of the harness's own task; and the log-likelihoods of the third file's rows, lists of pairs of a context and its
continuation.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from datasets import Dataset
from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.huggingface import HFLM

assert version("lm_eval") == "0.4.13", f"lm_eval is {version('lm_eval')}, not 0.4.13"


def read(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def task(name, rows, metrics, **config):
    return ConfigurableTask(
        config={
            "task": name,
            "custom_dataset": lambda **_: {"test": Dataset.from_list(rows)},
            "test_split": "test",
            "output_type": "multiple_choice",
            "num_fewshot": 0,
            "metric_list": [{"metric": metric} for metric in metrics],
            **config,
        }
    )


def scored(model, task, rows):
    """Each row's log-likelihoods, and the means and standard errors of the task's metrics."""
    task.build_all_requests(rank=0, world_size=1)
    requests = task.instances
    answers = model.loglikelihood(requests)
    of_row = {}
    for request, answer in zip(requests, answers):
        of_row.setdefault(request.doc_id, []).append((request.idx, answer))
    ordered = [[answer for _, answer in sorted(of_row[at], key=lambda each: each[0])] for at in range(len(rows))]
    counts = [task.process_results(row, answers) for row, answers in zip(rows, ordered)]
    names = list(counts[0])
    return {
        "scores": [[likelihood for likelihood, _ in answers] for answers in ordered],
        "metrics": {name: sum(each[name] for each in counts) / len(counts) for name in names},
        "rights": {name: [each[name] for each in counts] for name in names},
    }


def measured(model, rows):
    """The log-likelihoods of each row's requests."""
    requests = [
        Instance("loglikelihood", doc={}, arguments=tuple(request), idx=at) for row in rows for at, request in enumerate(row)
    ]
    answers = iter(model.loglikelihood(requests))
    return [[next(answers)[0] for _ in row] for row in rows]


def main(model, *files):
    model = HFLM(pretrained=model, dtype="float32", device="cpu", batch_size=4)
    if len(files) == 1:
        print(json.dumps({"documents": measured(model, read(files[0]))}))
        return
    questions, contexts, documents = files
    rows, winograd = read(questions), read(contexts)
    plain = task(
        "plain",
        rows,
        ["acc", "acc_norm", "acc_bytes", "acc_mutual_info"],
        doc_to_text=lambda row: row["question"].rstrip(" "),
        doc_to_choice=lambda row: row["options"],
        doc_to_target=lambda row: row["options"].index(row["answer"]),
    )
    several = task(
        "several",
        winograd,
        ["acc"],
        doc_to_text=lambda row: row["options"].index(row["answer"]),
        doc_to_choice=lambda row: [row["question"] + option for option in row["options"]],
        doc_to_target=lambda row: row["rest"].strip(),
    )
    found = {"questions": scored(model, plain, rows), "contexts": scored(model, several, winograd)}
    print(json.dumps({**found, "documents": measured(model, read(documents))}))


main(*sys.argv[1:])
