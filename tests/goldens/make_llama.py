#!/usr/bin/env python3
"""Makes small random models of the Llama family and records transformers' outputs, for llama_test and rope_test.

    pip install torch==2.15.0 transformers==4.45.1 safetensors==0.8.0 numpy==2.3.5
    python -B tests/goldens/make_llama.py

llama/<case>/ is a Hugging Face folder with expected.json next to it: two rows of tokens, the second padded on the
right, the hidden states in the order of `output_hidden_states` (the last one is after the final norm) and the logits,
all of them for the positions where the attention mask is 1: hiddenStates[state][row], logits[row], eight numbers a
line. rope.json has the rotary frequencies of every case and of some published configs.
"""

from reference import lines, number, require, write_json

require(torch="2.15.0", transformers="4.45.1", safetensors="0.8.0", numpy="2.3.5")

import json
import shutil
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

HERE = Path(__file__).parent
LENGTHS = [12, 4]
VOCABULARY = 64

SMALL = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=12,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    tie_word_embeddings=True,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)


def llama(**settings):
    return LlamaForCausalLM, LlamaConfig(**{**SMALL, **settings})


def llama_rope(scaling, **settings):
    """Eight rotary pairs, so that all bands of each scaling occur."""
    return llama(num_attention_heads=2, num_key_value_heads=1, head_dim=16, rope_scaling=scaling, **settings)


def mistral(**settings):
    return MistralForCausalLM, MistralConfig(**{**SMALL, **settings})


def qwen2(**settings):
    return Qwen2ForCausalLM, Qwen2Config(**{**SMALL, **settings})


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}

# The epsilons, bases and activations differ, so that ignoring one is noticed.
CASES = {
    "llama1": llama(num_key_value_heads=4, intermediate_size=8, tie_word_embeddings=False, rms_norm_eps=0.05),
    "llama2-gqa": llama(rms_norm_eps=1e-5),
    "llama3-rope": llama_rope({**LLAMA3, "original_max_position_embeddings": 64}, max_position_embeddings=512),
    "linear-rope": llama_rope({"type": "linear", "factor": 4.0}),
    "dynamic-rope": llama_rope({"type": "dynamic", "factor": 4.0}),
    "yarn-rope": llama_rope({"rope_type": "yarn", "factor": 4.0}),
    "mistral": mistral(sliding_window=4, rms_norm_eps=0.01, rope_theta=1000.0),
    "qwen2": qwen2(rope_theta=100.0),
    "biases": llama(attention_bias=True, mlp_bias=True, hidden_act="gelu"),
    "head-width": llama(head_dim=12, num_key_value_heads=1, hidden_act="relu"),
    "bfloat16": llama(torch_dtype="bfloat16"),
    "float16": llama(torch_dtype="float16"),
    "sharded": llama(),
}

# As published, without the fields that rotary positions do not use.
PUBLISHED = {
    "Llama 2 7B": dict(rope_theta=10000.0, max_position_embeddings=4096, head_dim=128),
    "Llama 3.1 8B": dict(
        rope_theta=500000.0,
        max_position_embeddings=131072,
        head_dim=128,
        rope_scaling={**LLAMA3, "original_max_position_embeddings": 8192},
    ),
    "Qwen 2.5 7B with YaRN": dict(
        rope_theta=1000000.0,
        max_position_embeddings=32768,
        head_dim=128,
        rope_scaling={"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768},
    ),
    "YaRN with every setting": dict(
        rope_theta=10000.0,
        max_position_embeddings=2048,
        head_dim=64,
        rope_scaling={"rope_type": "yarn", "factor": 8.0, "attention_factor": 1.5, "beta_fast": 16, "beta_slow": 2},
    ),
    "YaRN whose ramp has no width": dict(
        rope_theta=10000.0,
        max_position_embeddings=8,
        head_dim=16,
        rope_scaling={"rope_type": "yarn", "factor": 2.0, "beta_fast": 4, "beta_slow": 2},
    ),
}


def randomize(model, seed):
    """Normal weights with deviation 0.2, norms around one, embeddings with deviation one half."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name:
                parameter.copy_(1 + 0.2 * noise)
            else:
                parameter.copy_((0.5 if "embed_tokens" in name else 0.2) * noise)


def batch(seed):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(3, VOCABULARY, (length,), generator=generator)
        mask[row, :length] = 1
    return ids, mask


def save(model, folder, name):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, max_shard_size="20KB" if name == "sharded" else "1GB")
    (folder / "generation_config.json").unlink()
    for path in [folder / "config.json", folder / "model.safetensors.index.json"]:
        if path.exists():
            path.write_text(json.dumps(json.loads(path.read_text()), indent=2) + "\n", encoding="utf-8")


def make(seed, name, kind, config):
    folder = HERE / "llama" / name
    model = kind(config)
    randomize(model, seed)
    save(model.to(config.torch_dtype or torch.float32), folder, name)
    # Read again: arithmetic is in float32 for any storage type of the weights, rotary frequencies included.
    model = kind.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation="eager").eval()
    ids, mask = batch(seed)
    with torch.no_grad():
        result = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    rows = [
        [lines(tensor[row, :length]) for row, length in enumerate(LENGTHS)]
        for tensor in [*result.hidden_states, result.logits]
    ]
    expected = {
        "inputIds": ids.tolist(),
        "attentionMask": mask.tolist(),
        "hiddenStates": rows[:-1],
        "logits": rows[-1],
    }
    write_json(folder / "expected.json", expected)


def rope(name, config):
    """The frequencies of a config, with the fields that determine them."""
    scaling = config.rope_scaling
    kind = "default" if scaling is None else scaling["rope_type"]
    frequencies, scale = ROPE_INIT_FUNCTIONS[kind](config, "cpu")
    if scaling is not None and "type" in scaling:
        scaling = {key: value for key, value in scaling.items() if key != "rope_type"}
    return {
        "name": name,
        "rope_theta": config.rope_theta,
        "max_position_embeddings": config.max_position_embeddings,
        "head_dim": config.head_dim,
        "rope_scaling": scaling,
        "inverseFrequencies": lines(frequencies),
        "attentionScaling": number(scale),
    }


def main():
    for seed, (name, (kind, config)) in enumerate(CASES.items()):
        make(seed, name, kind, config)
    configs = {name: config for name, (_, config) in CASES.items() if getattr(config, "rope_scaling", None) is not None}
    configs |= {name: LlamaConfig(**settings) for name, settings in PUBLISHED.items()}
    write_json(HERE / "rope.json", [rope(name, config) for name, config in configs.items()])


if __name__ == "__main__":
    main()
