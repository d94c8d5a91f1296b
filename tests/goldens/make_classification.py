#!/usr/bin/env python3
"""Makes small models with heads and records how transformers and torch train them, for heads_test, and records metrics
of scikit-learn and scipy, for measure_test.

    pip install torch==2.15.0 transformers==4.45.1 tokenizers==0.20.3 scikit-learn==1.9.1 scipy==1.16.3 numpy==2.3.5
    python -B tests/goldens/make_classification.py

classification/<case>/ is a Hugging Face folder with expected.json next to it: rows, the last of them pairs of texts,
the head's output for each, the losses of AdamW's steps on the head and on biases added after a projection of the last
block, and the head's output after them. decay.json has the losses of training the whole model with weight decay on the
same parameters as transformers' Trainer. glue_metrics.json has rows of classes and of numbers with their metrics, and
nearly constant numbers with scipy's warnings.
"""

from reference import lines, number, require, write_json

require(torch="2.15.0", transformers="4.45.1", numpy="2.3.5")
require(**{"scikit-learn": "1.9.1", "scipy": "1.16.3"})

import json
import math
import shutil
import warnings
from pathlib import Path

import numpy
import torch
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    Trainer,
)

HERE = Path(__file__).parent
VOCABULARY = 40
LABELS = ["no", "maybe", "yes"]
LENGTHS = [(3, 0), (9, 0), (1, 0), (6, 0), (2, 4), (5, 1), (8, 0), (4, 3)]
DECAY = dict(batchSize=3, epochs=4, learningRate=0.01, weightDecay=5.0)
TRAINING = dict(batchSize=3, epochs=2, learningRate=0.02, weightDecay=0.1)


def tokenizer():
    words = ["<pad>", "<s>", "</s>"] + [f"w{id}" for id in range(3, VOCABULARY)]
    made = Tokenizer(models.WordLevel({word: id for id, word in enumerate(words)}, unk_token="<pad>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens(words[:3])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A </s>:1 $B:1", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return made


SMALL = dict(
    vocab_size=VOCABULARY,
    hidden_size=16,
    intermediate_size=12,
    num_hidden_layers=2,
    num_attention_heads=2,
    max_position_embeddings=64,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)
ENCODER = dict(**SMALL, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)

# The model, the prefixes of its head's tensors, and the last block's projection that gets biases.
LLAMA = (LlamaForSequenceClassification, LlamaConfig, SMALL, ["score."], "model.layers.1.mlp.down_proj")
BERT = (
    BertForSequenceClassification,
    BertConfig,
    ENCODER,
    ["bert.pooler.", "classifier."],
    "bert.encoder.layer.1.intermediate.dense",
)
ROBERTA = (
    RobertaForSequenceClassification,
    RobertaConfig,
    dict(**ENCODER, type_vocab_size=1),
    ["classifier."],
    "roberta.encoder.layer.1.intermediate.dense",
)


def model(kind, settings, outputs, seed):
    made = kind(settings(num_labels=outputs))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.2 * noise if "norm" in name.lower() and "weight" in name else 0.4 * noise)
    return made.eval()


def rows(outputs, seed):
    generator = numpy.random.default_rng(seed)
    words = lambda count: " ".join(f"w{id}" for id in generator.integers(3, VOCABULARY, count))
    made = []
    for index, (first, second) in enumerate(LENGTHS):
        label = LABELS[index % 3] if outputs == 3 else number(generator.normal())
        made.append(dict(text=words(first), pair=words(second), label=label))
    return made


def batch(encoder, some, typed):
    encoded = [encoder.encode(row["text"], row["pair"] or None) for row in some]
    longest = max(map(len, encoded))
    padded = lambda lists: torch.tensor([values + [0] * (longest - len(values)) for values in lists])
    inputs = dict(
        input_ids=padded([each.ids for each in encoded]), attention_mask=padded([[1] * len(each) for each in encoded])
    )
    if typed:
        inputs["token_type_ids"] = padded([each.type_ids for each in encoded])
    labels = [LABELS.index(row["label"]) if isinstance(row["label"], str) else row["label"] for row in some]
    return inputs, torch.tensor(labels)


def told(made, encoder, all_rows, typed):
    with torch.no_grad():
        return lines(made(**batch(encoder, all_rows, typed)[0]).logits)


def make(name, family, outputs, seed):
    kind, config, settings, head, projection = family
    typed = kind is BertForSequenceClassification
    folder = HERE / "classification" / name
    shutil.rmtree(folder, ignore_errors=True)
    encoder, all_rows = tokenizer(), rows(outputs, seed)
    made = model(kind, lambda **more: config(**settings, **more), outputs, seed)
    made.save_pretrained(folder)
    encoder.save(str(folder / "tokenizer.json"))
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "pad_token": "<pad>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(names, indent=2) + "\n")
    for path in ["tokenizer.json", "config.json"]:
        content = json.loads((folder / path).read_text())
        (folder / path).write_text(json.dumps(content, indent=2) + "\n")

    before = told(made, encoder, all_rows, typed)
    for name, parameter in made.named_parameters():
        parameter.requires_grad = any(name.startswith(part) for part in head)
    bias = torch.nn.Parameter(torch.zeros(made.get_submodule(projection).out_features))
    made.get_submodule(projection).register_forward_hook(lambda _, __, output: output + bias)
    rate, decay = TRAINING["learningRate"], TRAINING["weightDecay"]
    trained = [bias, *(parameter for parameter in made.parameters() if parameter.requires_grad)]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=decay)
    losses, size = [], TRAINING["batchSize"]
    for _ in range(TRAINING["epochs"]):
        for start in range(0, len(all_rows), size):
            inputs, labels = batch(encoder, all_rows[start : start + size], typed)
            loss = made(**inputs, labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(number(loss.item()))
    after = told(made, encoder, all_rows, typed)
    expected = dict(rows=all_rows, training=TRAINING, losses=losses, before=before, after=after)
    write_json(folder / "expected.json", expected)


def make_decay(name, family, outputs, seed):
    kind, config, settings, _, _ = family
    typed = kind is BertForSequenceClassification
    encoder, all_rows = tokenizer(), rows(outputs, seed)
    made = model(kind, lambda **more: config(**settings, **more), outputs, seed)
    decayed = set(Trainer.get_decay_parameter_names(None, made))
    groups = [
        dict(params=[each for name, each in made.named_parameters() if (name in decayed) == decays], weight_decay=decay)
        for decays, decay in ((True, DECAY["weightDecay"]), (False, 0.0))
    ]
    optimizer = torch.optim.AdamW(groups, lr=DECAY["learningRate"])
    losses, size = [], DECAY["batchSize"]
    for _ in range(DECAY["epochs"]):
        for start in range(0, len(all_rows), size):
            inputs, labels = batch(encoder, all_rows[start : start + size], typed)
            loss = made(**inputs, labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(number(loss.item()))
    write_json(HERE / "classification" / name / "decay.json", dict(training=DECAY, losses=losses))


def of_classes(expected, given):
    binary = max(*expected, *given) < 2
    return dict(
        expected=expected,
        given=given,
        accuracy=accuracy_score(expected, given),
        matthews=matthews_corrcoef(expected, given),
        macroF1=f1_score(expected, given, average="macro", zero_division=0),
        f1=f1_score(expected, given, zero_division=0) if binary else None,
    )


def of_numbers(expected, given):
    expected, given = [[number(each) for each in values] for values in (expected, given)]
    return dict(
        expected=[expected[start : start + 8] for start in range(0, len(expected), 8)],
        given=[given[start : start + 8] for start in range(0, len(given), 8)],
        pearson=pearsonr(expected, given).statistic,
        spearman=spearmanr(expected, given).statistic,
    )


def of_near(expected, given):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = [float(of(expected, given).statistic) for of in (pearsonr, spearmanr)]
    warned = sorted({each.category.__name__ for each in caught})
    pearson, spearman = [None if math.isnan(each) else each for each in found]
    eights = lambda values: [values[start : start + 8] for start in range(0, len(values), 8)]
    return dict(expected=eights(expected), given=eights(given), pearson=pearson, spearman=spearman, warned=warned)


def metrics():
    generator = numpy.random.default_rng(7)
    draw = lambda most, count, rates=None: generator.choice(most, count, p=rates).tolist()
    classes = [
        (draw(2, 30), draw(2, 30)),
        (draw(2, 32, [0.9, 0.1]), draw(2, 32, [0.6, 0.4])),
        (draw(4, 31), draw(4, 31)),
        # Only one class on a side, or none of the positive class.
        ([1, 1, 0, 1], [1, 1, 1, 1]),
        ([0, 0, 0], [1, 0, 1]),
        ([0, 0], [0, 0]),
        ([1, 0, 1], [1, 0, 1]),
        # A class that is only predicted, one that is never predicted, and one that is neither.
        ([0, 1, 1, 3], [0, 1, 4, 1]),
    ]
    base = generator.normal(size=30)
    numbers = [
        (base, base * 2 + generator.normal(size=30)),
        (generator.integers(0, 6, 40) / 2, generator.integers(0, 6, 40) / 2),
        (base * 1e-30, -base * 1e30 + 3e30),
        (base + 1e6, generator.normal(size=30)),
        ([0.0, 1.0, 2.0], [1.0, 1.0, 3.0]),
        ([0.25, 0.75], [3.1, -2.7]),
    ]
    # Nearly constant numbers, for which scipy warns.
    steps = lambda count, size: (0.1 + size * generator.integers(0, 3, count)).tolist()
    near = [(base[:count].round(3), steps(count, size)) for count in (3, 7, 30) for size in (1e-17, 1e-15, 1e-13)]
    near += [(generator.normal(size=150).round(2), steps(150, 2e-17)), (steps(5, 1e-16), [3, 1, 4, 1, 5])]
    write_json(
        HERE / "glue_metrics.json",
        dict(
            classes=[of_classes(*pair) for pair in classes],
            numbers=[of_numbers(x, y) for x, y in numbers],
            nearlyConstant=[of_near(list(map(float, x)), list(map(float, y))) for x, y in near],
        ),
    )


if __name__ == "__main__":
    make("llama-classes", LLAMA, 3, 1)
    make("llama-number", LLAMA, 1, 2)
    make("bert-classes", BERT, 3, 3)
    make("roberta-number", ROBERTA, 1, 4)
    make_decay("llama-classes", LLAMA, 3, 1)
    make_decay("bert-classes", BERT, 3, 3)
    metrics()
