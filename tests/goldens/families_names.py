"""Cases of make_families.py for tensor names in published files, and for unused tensors."""

import torch
import transformers as t

from families_case import WIDTH, Case
from families_compute import bare, causal, masked
from families_decoders import GPT
from families_decoders import SMALL as DECODER
from families_encoders import BERT


def with_causal_masks(tensors):
    """GPT-2's files contain each block's causal mask."""
    places = GPT["n_positions"] // 4
    mask = torch.ones(1, 1, places, places, dtype=torch.float16).tril()
    return {**tensors, **{f"h.{block}.attn.bias": mask.clone() for block in range(GPT["n_layer"])}}


def with_positions(tensors):
    """Sentence encoders' files contain the position ids."""
    return {**tensors, "embeddings.position_ids": torch.arange(BERT["max_position_embeddings"])[None]}


def as_first_published(tensors):
    """BERT's own files call a norm's tensors gamma and beta, and contain a next-sentence head and the pooler."""
    norms = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    renamed = {}
    for name, tensor in tensors.items():
        for modern, first in norms.items():
            name = name.replace(modern, first)
        renamed[name] = tensor
    unused = {
        "bert.pooler.dense.weight": (WIDTH, WIDTH),
        "bert.pooler.dense.bias": (WIDTH,),
        "cls.seq_relationship.weight": (2, WIDTH),
        "cls.seq_relationship.bias": (2,),
    }
    return {**renamed, **{name: torch.full(shape, 0.5, dtype=torch.float16) for name, shape in unused.items()}}


NAMES = {
    "names-bert-bare": Case(t.BertModel, BERT, bare, rewrite=with_positions),
    "names-bert-first": Case(t.BertForMaskedLM, BERT, masked, rewrite=as_first_published),
    "names-gpt2-bare": Case(
        t.GPT2Model, dict(GPT, n_inner=12), causal, reader=t.GPT2LMHeadModel, rewrite=with_causal_masks
    ),
    "names-qwen3-bare": Case(
        t.Qwen3Model,
        dict(DECODER, intermediate_size=12, head_dim=6, rms_norm_eps=0.02, tie_word_embeddings=True),
        causal,
        reader=t.Qwen3ForCausalLM,
    ),
}
