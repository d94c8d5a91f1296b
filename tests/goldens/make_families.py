#!/usr/bin/env python3
"""Makes a small random model of every family, and records transformers' outputs for it, for families_golden.ts.

    pip install torch==2.15.0 transformers==4.57.1 safetensors==0.8.0 numpy==2.3.5
    python -B tests/goldens/make_families.py [case ...]

families/<case>/ is a Hugging Face folder without a tokenizer, its weights in float16, with expected.safetensors next to
it, computed in float32 with eager attention (ALiBi with torch's SDPA: eagerly, Falcon adds its biases twice):

  input_ids, attention_mask  [batch, tokens]: a full row, one padded on the right, one padded on the left
  token_type_ids             [batch, tokens], where the family has them
  hidden_states.0 …          [batch, tokens, width] in the order of `output_hidden_states`: the last one is after the
                             final norm if there is one, except for ModernBERT, and after OPT's last projection
  logits                     [batch, tokens, vocabulary], or [batch, labels] for a classifier; bare encoders have none
  labels                     the expected ids for the logits at the same position (or row), −100 where there is none
  loss                       the mean cross-entropy over all labelled positions
  gradient.0                 its gradient with respect to hidden_states.1, the output of the first block

Positions count over the unmasked tokens of a row. Numbers at masked positions have no meaning. T5 has the two stacks'
encoder_hidden_states.0 …, decoder_hidden_states.0 …, encoder_gradient.0 and decoder_gradient.0, and
decoder_input_ids and decoder_attention_mask, to whose positions the labels belong.
"""

from reference import require

require(torch="2.15.0", transformers="4.57.1", safetensors="0.8.0", numpy="2.3.5")

import sys
import zlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers.utils.logging import set_verbosity_error

from families_case import load, save
from families_decoders import DECODERS
from families_encoders import ENCODERS
from families_names import NAMES

FAMILIES = Path(__file__).parent / "families"
CASES = {**DECODERS, **ENCODERS, **NAMES}


def make(name, case):
    folder = FAMILIES / name
    save(name, case, folder)
    expected = case.compute(load(case, folder), zlib.crc32(name.encode()))
    endless = [what for what, tensor in expected.items() if not tensor.isfinite().all()]
    if endless:
        raise SystemExit(f"{name} has numbers without bounds in {', '.join(endless)}")
    tensors = {what: tensor.detach().contiguous() for what, tensor in expected.items()}
    save_file(tensors, folder / "expected.safetensors")


def main():
    # Sums are always in the same order.
    torch.set_num_threads(1)
    # It would warn about the unused tensors of names-*.
    set_verbosity_error()
    names = sys.argv[1:] or list(CASES)
    for name in names:
        make(name, CASES[name])


if __name__ == "__main__":
    main()
