#!/usr/bin/env python3
"""The jobs that gpu.ts runs with Refract, with pyreft, peft and transformers on torch: one JSON line for each job.

gpu_run.py JOBS.json, with { model, rows: [{prompt: [ids], completion: [ids]}], batch, lr, device, seconds, jobs }.
A job: { name, kind: "loreft" | "lora" | "encode" | "decode", blocks, positions, rank, modules, initial, steps, tokens }.
"""

import json
import sys
import time

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def batches(plan, device):
    for at in range(0, len(plan["rows"]), plan["batch"]):
        rows = plan["rows"][at : at + plan["batch"]]
        tokens = torch.tensor([row["prompt"] + row["completion"] for row in rows], device=device)
        labels = torch.tensor([[-100] * len(row["prompt"]) + row["completion"] for row in rows], device=device)
        yield tokens, labels, [len(row["prompt"]) for row in rows]


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def edited(base, job, device):
    """The model with the trained parts, a function that runs a batch, and the trained tensors."""
    if job["kind"] == "lora":
        from peft import LoraConfig, get_peft_model

        settings = {"r": job["rank"], "lora_alpha": job["rank"], "target_modules": job["modules"]}
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", layers_to_transform=job["blocks"], **settings))
        found, initial = dict(model.named_parameters()), load_file(job["initial"])
        places = [(block, module) for block in job["blocks"] for module in job["modules"]]
        for at, (block, module) in enumerate(places):
            for part in ("lora_A", "lora_B"):
                name = f"base_model.model.model.layers.{block}.self_attn.{module}.{part}.default.weight"
                found[name].data.copy_(initial[f"{at}.{part}"])
        return (lambda tokens, labels, lengths: model(input_ids=tokens, labels=labels).loss), [
            value for value in model.parameters() if value.requires_grad
        ]
    import pyreft

    sides = job["positions"].split("+")
    width, initial = base.config.hidden_size, load_file(job["initial"])
    places = [(block, side) for side in sides for block in job["blocks"]]
    make = lambda: pyreft.LoreftIntervention(
        embed_dim=width, low_rank_dimension=job["rank"], dtype=torch.float32, add_bias=False
    )
    parts = [
        {"layer": block, "component": "block_output", "low_rank_dimension": job["rank"], "intervention": make()}
        for block, _ in places
    ]
    model = pyreft.get_reft_model(base, pyreft.ReftConfig(representations=parts))
    model.set_device(device)
    own = [value[0] if isinstance(value, (list, tuple)) else value for value in model.interventions.values()]
    for at, one in enumerate(own):
        rotate = initial[f"{at}.rotate"]
        factor, upper = torch.linalg.qr(rotate.double(), mode="complete")
        factor[:, : rotate.shape[1]] *= torch.sign(torch.diagonal(upper))
        one.rotate_layer.parametrizations.weight[0].base.data.copy_(factor.float())
        one.learned_source.weight.data.copy_(initial[f"{at}.weight"])
        one.learned_source.bias.data.copy_(initial[f"{at}.bias"])
    model.train()

    def loss(tokens, labels, lengths):
        spots = {
            side: [
                list(range(int(side[1:]))) if side[0] == "f" else list(range(length - int(side[1:]), length))
                for length in lengths
            ]
            for side in sides
        }
        where = [spots[side] for _, side in places]
        mask = torch.ones_like(tokens)
        _, out = model(
            {"input_ids": tokens, "attention_mask": mask}, unit_locations={"sources->base": (None, where)}, labels=labels
        )
        return out.loss

    return loss, [value for one in own for value in one.parameters() if value.requires_grad]


def run(plan, job, load, device):
    base = load()
    if job["kind"] == "decode":
        tokens = torch.tensor([plan["rows"][0]["prompt"]], device=device)
        settings = {"max_new_tokens": job["tokens"], "min_new_tokens": job["tokens"], "do_sample": False}
        ids = {"attention_mask": torch.ones_like(tokens), "pad_token_id": 2}
        base.generate(tokens, **{**settings, "max_new_tokens": 2, "min_new_tokens": 2}, **ids)
        wait(device)
        start = time.time()
        base.generate(tokens, **settings, **ids)
        wait(device)
        return {"tokens_per_second": job["tokens"] / (time.time() - start)}
    if job["kind"] == "encode":
        with torch.no_grad():
            for repeat in range(2):
                wait(device)
                start, count = time.time(), 0
                for tokens, _, _ in batches(plan, device):
                    base.model(input_ids=tokens)
                    count += tokens.numel()
                wait(device)
        return {"tokens_per_second": count / (time.time() - start)}
    loss_of, trained = edited(base, job, device)
    for value in base.parameters():
        value.requires_grad_(any(value is one for one in trained))
    optimizer = torch.optim.AdamW(trained, lr=plan["lr"], weight_decay=0)
    all_batches = list(batches(plan, device))
    losses, seconds = [], []
    for step in range(job["steps"]):
        wait(device)
        start = time.time()
        loss = loss_of(*all_batches[step % len(all_batches)])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        wait(device)
        seconds.append(time.time() - start)
    return {"losses": losses, "step_seconds": seconds}


def main():
    with open(sys.argv[1], encoding="utf-8") as text:
        plan = json.load(text)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "the processor"
    print(json.dumps({"device": name, "torch": torch.__version__}), flush=True)
    begun = time.time()
    load = lambda: AutoModelForCausalLM.from_pretrained(plan["model"], torch_dtype=torch.float32).to(device)
    for job in plan["jobs"]:
        if time.time() - begun > plan["seconds"]:
            print(json.dumps({"name": job["name"], "error": "no time was left"}), flush=True)
            continue
        try:
            print(json.dumps({"name": job["name"], **run(plan, job, load, device)}), flush=True)
        except Exception as fault:  # one failed job must not stop the others
            print(json.dumps({"name": job["name"], "error": f"{type(fault).__name__}: {fault}"[:300]}), flush=True)


if __name__ == "__main__":
    main()
