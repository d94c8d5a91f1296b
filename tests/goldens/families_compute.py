"""Computes a model's outputs by transformers, for make_families.py: hidden states, logits, a loss and its gradient."""

import inspect

import torch
from torch.nn.functional import cross_entropy

from families_case import VOCABULARY

TOKENS = 12
# First position and length of each row's tokens: a full row, one padded on the right, one padded on the left.
RUNS = [(0, 12), (0, 7), (3, 9)]
# A classifier reads the first position of a row, so that padding on the left is meaningless.
RIGHT_RUNS = [(0, 12), (0, 7), (0, 9)]
DECODER_RUNS = [(0, 8), (0, 5), (0, 6)]
UNLABELLED = -100


def batch(seed, runs, padding=0):
    """Random tokens [batch, tokens] in the runs, and the mask of the runs."""
    generator = torch.Generator().manual_seed(seed)
    tokens = max(first + length for first, length in runs)
    ids = torch.full((len(runs), tokens), padding)
    mask = torch.zeros_like(ids)
    for row, (first, length) in enumerate(runs):
        ids[row, first : first + length] = torch.randint(3, VOCABULARY, (length,), generator=generator)
        mask[row, first : first + length] = 1
    return ids, mask


def positions_of(mask):
    """Positions count over the unmasked tokens of a row."""
    return (mask.cumsum(-1) - 1).clamp(min=0)


def next_tokens(ids, mask):
    """The labels for each position's logits: the next token of the row."""
    labels = torch.full_like(ids, UNLABELLED)
    follows = (mask[:, :-1] * mask[:, 1:]).bool()
    labels[:, :-1][follows] = ids[:, 1:][follows]
    return labels


def other_tokens(ids, mask):
    """Labels at every unmasked position, by an arbitrary rule."""
    return torch.where(mask.bool(), (ids * 7 + 3) % VOCABULARY, UNLABELLED)


def run(model, inputs):
    """Runs a model on the inputs that it takes."""
    taken = inspect.signature(model.forward).parameters
    settings = {"use_cache": False} if "use_cache" in taken else {}
    known = {name: tensor for name, tensor in inputs.items() if name in taken}
    return model(**known, **settings, output_hidden_states=True, return_dict=True)


def states_of(hidden_states, prefix=""):
    return {f"{prefix}hidden_states.{index}": state for index, state in enumerate(hidden_states)}


def loss_of(logits, labels):
    """The mean cross-entropy over the labelled positions, or rows."""
    return cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1), ignore_index=UNLABELLED)


def graded(result, labels, states):
    """Logits, labels, their loss, and its gradients with respect to the output of each stack's first block."""
    loss = loss_of(result.logits, labels)
    prefixes = list(states)
    gradients = torch.autograd.grad(loss, [states[prefix][1] for prefix in prefixes])
    named = {f"{prefix}gradient.0": gradient for prefix, gradient in zip(prefixes, gradients)}
    return {"logits": result.logits, "labels": labels, "loss": loss, **named}


def causal(model, seed):
    ids, mask = batch(seed, RUNS)
    result = run(model, {"input_ids": ids, "attention_mask": mask, "position_ids": positions_of(mask)})
    states = result.hidden_states
    return {
        "input_ids": ids,
        "attention_mask": mask,
        **states_of(states),
        **graded(result, next_tokens(ids, mask), {"": states}),
    }


def encoded(model, seed, runs):
    """Runs an encoder, and returns its inputs and its result."""
    config = model.config
    ids, mask = batch(seed, runs, config.pad_token_id)
    positions = positions_of(mask)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if getattr(config, "type_vocab_size", 0) > 1:
        # The second half of a row is its second segment.
        inputs["token_type_ids"] = (torch.arange(ids.shape[1]) >= ids.shape[1] // 2).long().expand_as(ids)
    if config.model_type == "roberta":
        positions = positions + config.pad_token_id + 1
    if config.model_type == "distilbert":
        # It takes no positions as an input, but reads them from here.
        model.base_model.embeddings.position_ids = positions
    return inputs, run(model, {**inputs, "position_ids": positions})


def bare(model, seed):
    inputs, result = encoded(model, seed, RUNS)
    return {**inputs, **states_of(result.hidden_states)}


def masked(model, seed):
    inputs, result = encoded(model, seed, RUNS)
    labels = other_tokens(inputs["input_ids"], inputs["attention_mask"])
    states = result.hidden_states
    return {**inputs, **states_of(states), **graded(result, labels, {"": states})}


def classified(model, seed):
    inputs, result = encoded(model, seed, RIGHT_RUNS)
    labels = torch.arange(len(RIGHT_RUNS)) % model.config.num_labels
    states = result.hidden_states
    return {**inputs, **states_of(states), **graded(result, labels, {"": states})}


def translated(model, seed):
    ids, mask = batch(seed, RUNS)
    decoder_ids, decoder_mask = batch(seed + 1, DECODER_RUNS)
    decoder_ids[:, 0] = model.config.decoder_start_token_id
    inputs = {
        "input_ids": ids,
        "attention_mask": mask,
        "decoder_input_ids": decoder_ids,
        "decoder_attention_mask": decoder_mask,
    }
    result = run(model, inputs)
    stacks = {"encoder_": result.encoder_hidden_states, "decoder_": result.decoder_hidden_states}
    states = {name: state for prefix, stack in stacks.items() for name, state in states_of(stack, prefix).items()}
    return {**inputs, **states, **graded(result, other_tokens(decoder_ids, decoder_mask), stacks)}
