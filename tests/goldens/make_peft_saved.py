#!/usr/bin/env python3
"""Records folders that peft's save_pretrained writes, for tests/pipelines/interchange/peft/.

    pip install -r ../shared/peer/requirements.txt peft==0.21.2
    python -B tests/goldens/make_peft_saved.py

peft_saved/<name>/: an adapter of builtin:tiny, with random numbers; that of `lora` is stored in bfloat16.
peft_saved/pickled/: that of `lora` in bfloat16 as adapter_model.bin, which peft writes without safe_serialization.
peft_saved/logits.json: the input ids, and each adapted model's logits for the last of them.
"""

from reference import lines, require, write_json

require(torch="2.15.0", transformers="4.45.1", peft="0.21.2")

from pathlib import Path

import torch
import torch.distributed.tensor  # peft looks for it without importing it
from peft import IA3Config, LoraConfig, PrefixTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
BASE = HERE.parent.parent / "pipelines" / "models" / "builtin" / "tiny"
IDS = [0, 17, 230, 411, 96, 305, 44]
TASK = {"task_type": "CAUSAL_LM"}
ADAPTERS = {
    "lora": LoraConfig(**TASK, r=2, lora_alpha=6, target_modules=["q_proj", "v_proj"], layers_to_transform=[1, 3]),
    "rslora": LoraConfig(
        **TASK,
        r=2,
        lora_alpha=3,
        use_rslora=True,
        lora_dropout=0.1,
        target_modules=r"model\.layers\.(0|2)\.(self_attn\.(?P<part>q|k)_proj|mlp\.up_proj)",
        rank_pattern={"up_proj": 1, "layers.0.self_attn.k_proj": 3},
        alpha_pattern={"k_proj": 5},
    ),
    "dora": LoraConfig(**TASK, r=1, lora_alpha=2, use_dora=True, target_modules=["o_proj"], layers_to_transform=2),
    "ia3": IA3Config(**TASK),
    "prefix": PrefixTuningConfig(**TASK, num_virtual_tokens=2),
}


def drawn(model):
    """Moves every number away from its initial value, as a training would."""
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            noise = 0.3 * torch.randn(parameter.shape, generator=generator)
            parameter.data = (parameter + noise).to(torch.bfloat16).to(torch.float32)


def main():
    logits = {}
    for name, config in ADAPTERS.items():
        torch.manual_seed(0)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config).eval()
        drawn(model)
        folder = HERE / "peft_saved" / name
        model.base_model_name_or_path = "builtin:tiny"
        model.active_peft_config.base_model_name_or_path = "builtin:tiny"
        model.save_pretrained(folder, save_embedding_layers=False)
        (folder / "README.md").unlink()
        weights = folder / "adapter_model.safetensors"
        stored = torch.bfloat16 if name == "lora" else torch.float32
        save_file({key: tensor.to(stored) for key, tensor in load_file(weights).items()}, weights, {"format": "pt"})
        ids = torch.tensor([IDS])
        with torch.no_grad():
            logits[name] = lines(model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -1])
        if name == "lora":
            pickled = HERE / "peft_saved" / "pickled"
            model.to(torch.bfloat16).save_pretrained(pickled, save_embedding_layers=False, safe_serialization=False)
            (pickled / "README.md").unlink()
    write_json(HERE / "peft_saved" / "logits.json", {"ids": IDS, "logits": logits})


main()
