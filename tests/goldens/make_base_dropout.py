#!/usr/bin/env python3
"""Records transformers' outputs in training mode, with dropout that drops by a rule, for
tests/pipelines/models/families/base_dropout_test.ts.

    pip install torch==2.15.0 transformers==4.57.1 safetensors==0.8.0 numpy==2.3.5
    python -B tests/goldens/make_base_dropout.py

base_dropout.json: for cases of families/, with the rates of their config or transformers' defaults, the shape and rate
of every dropout in order of execution, and the logits of the first row. Element i of the n-th dropout is dropped where
(7·i + 3·n) mod 10 is 0, whatever the rate, and otherwise divided by 1 − rate. All is computed in float64, including
T5's norms and softmax, which transformers casts to float32.
"""

from reference import require, write_json

require(torch="2.15.0", transformers="4.57.1")

import logging
from pathlib import Path
from unittest.mock import patch

import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
)
from transformers.models.t5.modeling_t5 import T5LayerNorm

FAMILIES = Path(__file__).parent / "families"
CASES = {
    "bert-classifier": AutoModelForSequenceClassification,
    "roberta-classifier": AutoModelForSequenceClassification,
    "distilbert-classifier": AutoModelForSequenceClassification,
    "deberta-v3-classifier": AutoModelForSequenceClassification,
    "deberta-v2": AutoModelForMaskedLM,
    "gpt2": AutoModelForCausalLM,
    "t5": AutoModelForSeq2SeqLM,
    "t5-gated": AutoModelForSeq2SeqLM,
}
TOKENS = "input_ids", "attention_mask", "token_type_ids", "decoder_input_ids", "decoder_attention_mask"


def norm_in_float64(self, hidden):
    return self.weight * hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)


def compute(name, kind):
    model = kind.from_pretrained(FAMILIES / name, torch_dtype=torch.float32, attn_implementation="eager").double().train()
    expected = load_file(FAMILIES / name / "expected.safetensors")
    inputs = {key: expected[key][:1] for key in TOKENS if key in expected}
    calls = []

    def dropout(x, p=0.5, training=True, inplace=False):
        if not training or p == 0:
            return x
        at = torch.arange(x.numel()).reshape(x.shape)
        kept = ((7 * at + 3 * len(calls)) % 10 != 0).to(x.dtype) / (1 - p)
        calls.append({"shape": list(x.shape), "rate": p})
        return x * kept

    with (
        patch.object(torch.nn.functional, "dropout", dropout),
        patch.object(torch.Tensor, "float", lambda x: x),
        patch.object(T5LayerNorm, "forward", norm_in_float64),
    ):
        logits = model(**inputs).logits[0]
    return {"dropouts": calls, "logits": [float(f"{x:.10g}") for x in logits.flatten().tolist()]}


logging.disable(logging.WARNING)
write_json(Path(__file__).with_name("base_dropout.json"), {name: compute(name, kind) for name, kind in CASES.items()})
