"""The cases of make_families.py, and their models."""

import json
import shutil
import zlib
from dataclasses import dataclass, field
from typing import Callable

import torch
from safetensors.torch import load_file, save_file
from transformers.modeling_utils import no_init_weights

VOCABULARY = 48
WIDTH = 32


@dataclass(frozen=True)
class Case:
    """A small model: the class that saves it, and its config.json, which has these settings and nothing derived."""

    kind: type
    settings: dict
    compute: Callable
    # The class that computes with the saved weights, where it differs from the one that saved them.
    reader: type | None = None
    # Changes the saved tensors by name: to the names in published files, or with additional tensors of such files.
    rewrite: Callable[[dict], dict] = lambda tensors: tensors
    # Settings that transformers needs in addition to config.json to read the folder as intended.
    reading: dict = field(default_factory=dict)
    # transformers' implementation of attention.
    attention: str = "eager"

    def config(self):
        names = {
            "architectures": [(self.reader or self.kind).__name__],
            "model_type": self.kind.config_class.model_type,
        }
        return {**names, **self.settings, "torch_dtype": "float16"}


def randomize(model, seed):
    """Normal weights with deviation 0.2, embeddings with 0.5; the factors of norms are around one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            kind = type(module).__name__
            for name, parameter in module.named_parameters(recurse=False):
                noise = torch.randn(parameter.shape, generator=generator)
                if kind.endswith("Norm") and name == "weight":
                    # Gemma's norms multiply by one plus their weight.
                    parameter.copy_((0 if kind.startswith("Gemma") else 1) + 0.2 * noise)
                else:
                    parameter.copy_((0.5 if "Embedding" in kind else 0.2) * noise)


def save(name, case, folder):
    """Writes config.json and model.safetensors, the weights in float16."""
    shutil.rmtree(folder, ignore_errors=True)
    # The initializers of some families fail on norms without a bias.
    with no_init_weights():
        model = case.kind(case.kind.config_class.from_dict(case.config()))
    randomize(model, zlib.crc32(name.encode()))
    model.half().save_pretrained(folder)
    for path in folder.glob("*.json"):
        path.unlink()
    weights = folder / "model.safetensors"
    tensors = {name: tensor.contiguous() for name, tensor in case.rewrite(load_file(weights)).items()}
    save_file(tensors, weights, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(case.config(), indent=2) + "\n", encoding="utf-8")


def load(case, folder):
    """Reads the model again, including config.json: arithmetic is in float32 for any storage type of the weights."""
    model, report = (case.reader or case.kind).from_pretrained(
        folder, dtype=torch.float32, attn_implementation=case.attention, output_loading_info=True, **case.reading
    )
    lacking = {what: names for what, names in report.items() if names and what != "unexpected_keys"}
    if lacking:
        raise SystemExit(f"{folder.name} does not load whole: {lacking}")
    return model.eval()
