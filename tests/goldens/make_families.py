#!/usr/bin/env python3
"""Makes a small random model of every family, and what transformers computes with it, for families_golden.ts.

    pip install torch==2.15.0 transformers==4.57.1 safetensors==0.8.0 numpy==2.3.5
    python -B tests/goldens/make_families.py [case ...]

families/<case>/ is a Hugging Face folder without a tokenizer, its weights in float16, with expected.safetensors beside
it, computed in float32 with eager attention (ALiBi with torch's own: eagerly, Falcon adds its biases twice):

  input_ids, attention_mask  [batch, tokens]: a row that is full, one padded on the right, one padded on the left
  token_type_ids             [batch, tokens], where the family has them
  hidden_states.0 …          [batch, tokens, width] in the order of `output_hidden_states`: the last one is behind the
                             final norm where there is one, but for ModernBERT, and behind OPT's last projection
  logits                     [batch, tokens, vocabulary], or [batch, labels] of a classifier; bare encoders have none
  labels                     the ids that the logits at the same place (or row) are compared with, −100 where none is
  loss                       the mean cross-entropy over all labelled places
  gradient.0                 its gradient toward hidden_states.1, what the first block gives

Positions count over the unmasked tokens of a row. Numbers at masked places have no meaning. T5 has the two stacks'
encoder_hidden_states.0 …, decoder_hidden_states.0 …, encoder_gradient.0 and decoder_gradient.0, and
decoder_input_ids and decoder_attention_mask, whose places the labels are of.
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
    # Sums come in one order only.
    torch.set_num_threads(1)
    # It would warn of the tensors that names-* have without a use.
    set_verbosity_error()
    names = sys.argv[1:] or list(CASES)
    for name in names:
        make(name, CASES[name])


if __name__ == "__main__":
    main()
