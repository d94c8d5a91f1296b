#!/usr/bin/env python3
"""Records the steps of published optimizers, for tests/ops/optimizers/optimizers_test.ts.

    pip install -r ../shared/peer/requirements.txt lion-pytorch==0.2.5
    python -B tests/goldens/make_optimizers.py

optimizers.json: gradients of a vector, a matrix and a stack of matrices over 24 steps, sometimes zero and of very
different sizes; for each optimizer and its settings the parameters after some of these steps, computed in double
precision.
"""

from reference import require, write_json

require(**{"torch": "2.15.0", "transformers": "4.45.1", "lion-pytorch": "0.2.5"})

from pathlib import Path

import torch
from lion_pytorch import Lion
from transformers import Adafactor

SHAPES = {"vector": [5], "matrix": [3, 4], "stack": [2, 3, 2]}
STEPS = 24
KEPT = [1, 2, 3, 8, 24]

RELATIVE = {"lr": None, "relative_step": True}
FIXED = {"lr": 1e-2, "relative_step": False}
CASES = {
    "sgd": (torch.optim.SGD, {"lr": 0.05}),
    "sgd with momentum": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    "sgd with Nesterov's momentum": (
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
    ),
    "lion": (Lion, {"lr": 1e-2}),
    "lion with decay": (Lion, {"lr": 1e-2, "betas": (0.95, 0.98), "weight_decay": 0.5}),
    "adafactor": (Adafactor, {**RELATIVE}),
    "adafactor that warms up": (Adafactor, {**RELATIVE, "warmup_init": True}),
    "adafactor without scale": (Adafactor, {**RELATIVE, "scale_parameter": False, "weight_decay": 0.1}),
    "adafactor at a fixed rate": (Adafactor, {**FIXED, "scale_parameter": False}),
    "adafactor with a moment": (Adafactor, {**FIXED, "beta1": 0.9, "weight_decay": 0.1}),
    "adafactor with other settings": (
        Adafactor,
        {**FIXED, "clip_threshold": 0.5, "decay_rate": -0.5, "eps": (1e-8, 0.7)},
    ),
}


def drawn(generator, shape, scale):
    return (scale * torch.randn(shape, generator=generator)).float()


def lists(tensor):
    """A tensor's elements; 9 digits determine a float32."""
    digits = 9 if tensor.dtype == torch.float32 else 12
    return [float(f"{x:.{digits}g}") for x in tensor.flatten().tolist()]


generator = torch.Generator().manual_seed(1)
start = {name: drawn(generator, shape, 0.5) for name, shape in SHAPES.items()}
gradients = [
    {
        name: drawn(generator, shape, 0.0 if step % 7 == 3 else 10.0 ** (step % 5 - 3))
        for name, shape in SHAPES.items()
    }
    for step in range(1, STEPS + 1)
]


def walk(make, settings):
    parameters = {name: torch.nn.Parameter(value.double()) for name, value in start.items()}
    optimizer = make(parameters.values(), **settings)
    after = {}
    for step, given in enumerate(gradients, 1):
        for name, parameter in parameters.items():
            parameter.grad = given[name].double()
        optimizer.step()
        if step in KEPT:
            after[str(step)] = {name: lists(value.data) for name, value in parameters.items()}
    return after


write_json(
    Path(__file__).parent / "optimizers.json",
    {
        "shapes": SHAPES,
        "start": {name: lists(value) for name, value in start.items()},
        "gradients": [{name: lists(value) for name, value in step.items()} for step in gradients],
        "after": {name: walk(*case) for name, case in CASES.items()},
    },
)
