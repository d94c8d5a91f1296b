#!/usr/bin/env python3
"""Records the rates of transformers' schedules, for tests/ops/optimizers/schedule_test.ts.

    pip install -r ../shared/peer/requirements.txt
    python -B tests/goldens/make_schedules.py

schedules.json: for each schedule and some lengths the learning-rate factor at every step up to two after the last.
"""

from reference import require, write_json

require(torch="2.15.0", transformers="4.45.1")

from pathlib import Path

import torch
from transformers import optimization

RATE = 1e-3
LENGTHS = [(0, 12), (1, 12), (3, 12), (4, 40), (5, 3), (1, 2)]
CASES = {
    "constant": (lambda each, warm, total: optimization.get_constant_schedule_with_warmup(each, warm), {}),
    "cosine": (optimization.get_cosine_schedule_with_warmup, {}),
    "inverseSqrt": (lambda each, warm, total: optimization.get_inverse_sqrt_schedule(each, warm), {}),
    "linear": (optimization.get_linear_schedule_with_warmup, {}),
    "polynomial": (
        lambda each, warm, total: optimization.get_polynomial_decay_schedule_with_warmup(
            each, warm, total, lr_end=1e-4, power=2.0
        ),
        {"power": 2.0, "end": 0.1},
    ),
    "polynomial by default": (
        optimization.get_polynomial_decay_schedule_with_warmup,
        {"power": 1.0, "end": 1e-4},
    ),
}


def factors(make, warmup, total):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    schedule = make(optimizer, warmup, total)
    found = []
    for _ in range(total + 3):
        found.append(float(f"{schedule.get_last_lr()[0] / RATE:.12g}"))
        optimizer.step()
        schedule.step()
    return found


def case(make, settings):
    runs = [{"warmupSteps": warm, "totalSteps": total, "factors": factors(make, warm, total)} for warm, total in LENGTHS]
    return {**settings, "runs": runs}


write_json(Path(__file__).parent / "schedules.json", {name: case(*each) for name, each in CASES.items()})
