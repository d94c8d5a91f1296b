"""Trains a LoReFT edit with pyreft on rows that are encoded as one string, for together_test.

    together_peer.py MODEL ROWS.jsonl INITIAL.safetensors QUESTIONS.jsonl

Writes the initial values of the training to the third file, and prints one JSON line: each row's ids in two parts, the
losses, and the trained model's greedy completion of each prompt; and for each question, a prompt with options, the
option that lm-evaluation-harness's method picks for the untrained model.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "shared/peer"))

import pyreft
import pyreft_run
import torch


def main(model, rows, initial, questions):
    common = ["--model", model, "--data", rows, "--kind", "loreft", "--layers", "3", "--rank", "4", "--positions", "l1"]
    common += ["--together", "--epochs", "3", "--batch", "8", "--lr", "5e-3", "--warmup", "0.1", "--threads", "1"]
    kept = {}
    get_reft_model = pyreft.get_reft_model

    def keep(base, config):
        kept["reft"] = get_reft_model(base, config)
        return kept["reft"]

    pyreft.get_reft_model = keep
    run(*common, "--steps", "1", "--dump-init", initial)
    losses = run(*common, "--init", initial)["losses"]
    tokenizer = pyreft_run.AutoTokenizer.from_pretrained(model)
    ids, texts = [], []
    kept["reft"].eval()
    for row in (json.loads(line) for line in open(rows, encoding="utf-8")):
        prompt = tokenizer(row["prompt"])["input_ids"]
        whole = tokenizer(row["prompt"] + row["completion"])["input_ids"]
        ids.append([prompt, whole[len(prompt) :] + [tokenizer.eos_token_id]])
        texts.append(write(kept["reft"], tokenizer, prompt))
    base = pyreft_run.AutoModelForCausalLM.from_pretrained(model, torch_dtype=torch.float32).eval()
    picks = [pick(base, tokenizer, **json.loads(line)) for line in open(questions, encoding="utf-8")]
    print(json.dumps({"ids": ids, "losses": losses, "texts": texts, "picks": picks}))


def run(*arguments):
    printed = io.StringIO()
    sys.argv = ["pyreft_run.py", *arguments]
    with contextlib.redirect_stdout(printed):
        pyreft_run.main()
    return json.loads(printed.getvalue().strip().splitlines()[-1])


def pick(model, tokenizer, prompt, options):
    """Moves whitespace from the prompt's end to the option, encodes both as one, and splits at the prompt's length."""
    context = prompt.rstrip()
    scores = []
    for option in options:
        start = len(tokenizer(context)["input_ids"])
        ids = tokenizer(prompt + option)["input_ids"]
        with torch.no_grad():
            likelihoods = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        scores.append(sum(likelihoods[at - 1, ids[at]].item() for at in range(start, len(ids))))
    return options[scores.index(max(scores))]


def write(reft, tokenizer, prompt):
    inputs = {"input_ids": torch.tensor([prompt]), "attention_mask": torch.ones(1, len(prompt), dtype=torch.long)}
    _, found = reft.generate(
        inputs, unit_locations={"sources->base": (None, [[[len(prompt) - 1]]])}, intervene_on_prompt=True,
        max_new_tokens=16, do_sample=False, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.eos_token_id)
    return tokenizer.decode(found[0, len(prompt) :], skip_special_tokens=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
