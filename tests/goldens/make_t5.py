#!/usr/bin/env python3
"""Records how torch trains edits of a small T5's encoder and decoder, for tests/pipelines/schedule/t5_parity_test.ts.

    pip install torch==2.15.0 transformers==4.57.1 tokenizers==0.22.2 safetensors==0.8.0 numpy==2.3.5
    python -B tests/goldens/make_t5.py

The model is families/t5-gated. Forward hooks add LoReFT to it as in pyreft, h + (Wh + b − hR)Rᵀ with R under torch's
orthogonal parametrization: at the encoder's first block an edit of each prompt's first token and one of its last two, at
the decoder's second block one of every token.

t5/tokenizer.json, tokenizer_config.json: a tokenizer of the model's 48 tokens, with the same parts as T5's.
t5/encoder.safetensors, decoder.safetensors: the initial values of the edits.
t5/buckets.json: for tables of distances, whether tokens see later ones, and the distances (the key's position minus the
query's, from −MOST_DISTANT on) at which the bucket changes.
t5/training.json: rows with their ids, the losses of all steps, and the greedy completion of each prompt afterwards.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.57.1", tokenizers="0.22.2", safetensors="0.8.0", numpy="2.3.5")

import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import T5ForConditionalGeneration
from transformers.models.t5.modeling_t5 import T5Attention
from transformers.optimization import get_linear_schedule_with_warmup

FOLDER = Path(__file__).with_name("t5")
MODEL = Path(__file__).parent / "families" / "t5-gated"
RANK = 3
BATCH = 4
EPOCHS = 6
MOST = 6
MOST_DISTANT = 600
TABLES = [(32, 128), (8, 12), (8, 10), (16, 64), (32, 100)]
SYLLABLES = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu".split()
ROWS = [
    ("ba be bi", "do"),
    ("kake ki ko ku la", "ma mi"),
    ("lo lu", "nane"),
    ("dadedi do", "ku"),
    ("mu", "ba bo be"),
    ("na ne ni no nu na ne", "li"),
    ("bika de", "du du"),
    ("me la ko", "no lo"),
]


def make_tokenizer():
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -4.0)]
    pieces += [(syllable, -3.0) for syllable in SYLLABLES] + [(f"▁{syllable}", -2.5) for syllable in SYLLABLES[:14]]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    split = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


class Loreft(torch.nn.Module):
    def __init__(self, width, generator):
        super().__init__()
        self.rotate = torch.nn.Linear(RANK, width, bias=False)
        self.source = torch.nn.Linear(width, RANK)
        start, _ = torch.linalg.qr(torch.randn(width, RANK, generator=generator))
        with torch.no_grad():
            self.source.weight.copy_(0.2 * torch.randn(RANK, width, generator=generator))
            self.source.bias.copy_(0.2 * torch.randn(RANK, generator=generator))
            self.rotate.weight.copy_(start)
        torch.nn.utils.parametrizations.orthogonal(self.rotate, orthogonal_map="householder")
        full, triangle = np.linalg.qr(start.numpy().astype(np.float64), mode="complete")
        full[:, :RANK] *= np.sign(np.diag(triangle))
        self.rotate.parametrizations.weight[0].base.data.copy_(torch.from_numpy(full))

    def forward(self, hidden):
        rotate = self.rotate.weight
        return hidden + (self.source(hidden) - hidden @ rotate) @ rotate.T

    def saved(self, index):
        tensors = {"rotate": self.rotate.weight, "weight": self.source.weight, "bias": self.source.bias}
        return {f"{index}.{name}": tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


def hook_edits(model, edits):
    """Adds the edits, and returns a function that sets the prompt lengths of the next pass."""
    first, last, written = edits
    lengths = []

    def edit_encoder(_module, _inputs, outputs):
        hidden = outputs[0]
        place, length = torch.arange(hidden.shape[1])[None, :, None], torch.tensor(lengths)[:, None, None]
        hidden = torch.where(place < 1, first(hidden), hidden)
        hidden = torch.where((place >= length - 2) & (place < length), last(hidden), hidden)
        return (hidden, *outputs[1:])

    model.encoder.block[0].register_forward_hook(edit_encoder)
    model.decoder.block[1].register_forward_hook(lambda _m, _i, outputs: (written(outputs[0]), *outputs[1:]))

    def of(prompts):
        lengths[:] = [len(prompt) for prompt in prompts]

    return of


def padded(rows, filler):
    longest = max(map(len, rows))
    return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])


def changes(causal, count, most):
    """[distance, bucket] wherever the bucket changes."""
    distances = torch.arange(-MOST_DISTANT, MOST_DISTANT + 1)
    buckets = T5Attention._relative_position_bucket(distances, not causal, count, most).tolist()
    numbered = list(zip(distances.tolist(), buckets))
    return [list(numbered[0])] + [list(after) for before, after in zip(numbered, numbered[1:]) if after[1] != before[1]]


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    tokenizer = make_tokenizer()
    (FOLDER / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False) + "\n")
    names = {"tokenizer_class": "T5TokenizerFast", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    (FOLDER / "tokenizer_config.json").write_text(json.dumps(names) + "\n")
    prompts = [tokenizer.encode(prompt).ids for prompt, _ in ROWS]
    answers = [[*tokenizer.encode(answer, add_special_tokens=False).ids, 1] for _, answer in ROWS]

    model = T5ForConditionalGeneration.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="eager").eval()
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(11)
    edits = torch.nn.ModuleList([Loreft(model.config.d_model, generator) for _ in range(3)])
    save_file({**edits[0].saved(0), **edits[1].saved(1)}, FOLDER / "encoder.safetensors")
    save_file(edits[2].saved(0), FOLDER / "decoder.safetensors")
    of = hook_edits(model, edits)

    optimizer = torch.optim.AdamW(edits.parameters(), lr=2e-2, weight_decay=0.0)
    steps = EPOCHS * len(ROWS) // BATCH
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(0.25 * steps), steps)
    losses = []
    for _ in range(EPOCHS):
        for start in range(0, len(ROWS), BATCH):
            batch = slice(start, start + BATCH)
            of(prompts[batch])
            mask = padded([[1] * len(prompt) for prompt in prompts[batch]], 0)
            output = model(
                input_ids=padded(prompts[batch], 0), attention_mask=mask, labels=padded(answers[batch], -100)
            )
            output.loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(number(output.loss.item()))

    written = []
    for prompt in prompts:
        of([prompt])
        # transformers' cache has only as many blocks as the encoder.
        ids = model.generate(torch.tensor([prompt]), max_new_tokens=MOST, do_sample=False, use_cache=False)[0].tolist()
        written.append(tokenizer.decode(ids, skip_special_tokens=True))
    rows = [
        {"prompt": prompt, "completion": answer, "ids": ids, "labels": labels, "written": text}
        for (prompt, answer), ids, labels, text in zip(ROWS, prompts, answers, written)
    ]
    tables = [
        {"count": count, "most": most, "causal": causal, "changes": changes(causal, count, most)}
        for count, most in TABLES
        for causal in (False, True)
    ]
    write_json(FOLDER / "buckets.json", {"mostDistant": MOST_DISTANT, "tables": tables})
    write_json(FOLDER / "training.json", {"losses": losses, "rows": rows})


if __name__ == "__main__":
    main()
