"""Edits that Refract trained, for vLLM's ReFT fork (pyvene-ai/vllm).

    PYTHONPATH=FOLDER python
    >>> from refract_reft import reft_config
    >>> LLM(model=..., reft_config=reft_config())

The fork builds the adapter again in each of its workers: it imports this module by its name, so that the folder has to be
on the path of all of them.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


class Edit(torch.nn.Module):
    """`h + (act(Wh + b) - (Rh + c)) V`, the form that LoReFT, NoReFT, DiReFT, ConsReFT and LobiReFT have in common."""

    def __init__(self, hidden_size, low_rank_dim, activation="linear", device="cpu", dtype=torch.float32):
        super().__init__()
        self.hidden_size, self.low_rank_dim, self.activation = hidden_size, low_rank_dim, activation
        empty = lambda *shape: torch.nn.Parameter(torch.zeros(*shape, device=device, dtype=dtype), requires_grad=False)
        self.weight, self.bias = empty(low_rank_dim, hidden_size), empty(low_rank_dim)
        self.removed, self.removed_bias = empty(low_rank_dim, hidden_size), empty(low_rank_dim)
        self.written = empty(low_rank_dim, hidden_size)

    def _compute_delta(self, hidden):
        x = hidden.to(self.weight.dtype)
        source = ACTIVATIONS[self.activation](torch.nn.functional.linear(x, self.weight, self.bias))
        removed = torch.nn.functional.linear(x, self.removed, self.removed_bias)
        return ((source - removed) @ self.written).to(hidden.dtype)

    def forward(self, hidden):
        return hidden + self._compute_delta(hidden)


def reft_config(folder=Path(__file__).parent):
    """What `LLM(reft_config=...)` takes: where the edits act, and a blueprint of each."""
    listed = json.loads((Path(folder) / "reft.json").read_text())
    states = {}
    for name, tensor in load_file(Path(folder) / "reft.safetensors").items():
        layer, part = name.split(".")
        states.setdefault(int(layer), {})[part] = tensor
    blueprint = {
        "__type__": "AdapterBlueprint",
        "__module__": "refract_reft",
        "__qualname__": "Edit",
        "kwargs": {**listed["adapter"], "device": "cpu", "dtype": "torch.float32"},
        "state_dict": states[listed["layer_indices"][0]],
    }
    return {
        "layer_indices": listed["layer_indices"],
        "position": listed["position"],
        "sample_adapter": blueprint,
        "adapter_states": states,
    }
