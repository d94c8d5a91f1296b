#!/usr/bin/env python3
"""Classification of pairs by a random model of RoBERTa's size with pyreft: makes the model, or trains it.

  classify_run.py make MODEL DATA RTE.tsv     MODEL: a Hugging Face folder; DATA: rows of RTE's lengths, {text, pair, label}
  classify_run.py train MODEL DATA --initial FILE [--rank 1] [--epochs 2] [--batch 16] [--rate 1e-3] [--threads 2]

Training prints one JSON line {"losses", "step_s"}: LoReFT of the first token at every block's output and the model's
head, AdamW at a constant rate, rows in file order. The edits' initial values are written to FILE.
"""

import argparse
import json
import time
import zlib
from pathlib import Path

WORDS = 4000
ROWS = 64


def make(model, data, source):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import RobertaConfig, RobertaForSequenceClassification, set_seed

    words = ["<s>", "<pad>", "</s>", "<unk>"] + [f"w{index}" for index in range(WORDS)]
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(words[:4])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    config = RobertaConfig(
        vocab_size=len(words),
        max_position_embeddings=514,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=2,
    )
    set_seed(0)
    RobertaForSequenceClassification(config).save_pretrained(model)
    tokenizer.save(str(model / "tokenizer.json"))
    names = dict(tokenizer_class="PreTrainedTokenizerFast", bos_token="<s>", eos_token="</s>", pad_token="<pad>")
    (model / "tokenizer_config.json").write_text(json.dumps(names))
    as_words = lambda text: " ".join(f"w{zlib.crc32(word.encode()) % WORDS}" for word in text.split())
    lines = source.read_text(encoding="utf-8").splitlines()[1 : ROWS + 1]
    rows = [line.split("\t") for line in lines]
    texts = [dict(text=as_words(first), pair=as_words(second), label=label) for _, first, second, label in rows]
    data.write_text("".join(json.dumps(row) + "\n" for row in texts))


def train(model, data, a):
    import pyreft
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer
    from transformers import RobertaForSequenceClassification

    torch.manual_seed(1)
    torch.set_num_threads(a.threads)
    base = RobertaForSequenceClassification.from_pretrained(model)
    width, blocks = base.config.hidden_size, base.config.num_hidden_layers
    edit = lambda: pyreft.LoreftIntervention(
        embed_dim=width, low_rank_dimension=a.rank, dtype=torch.float32, add_bias=False
    )
    places = [
        dict(
            component=f"roberta.encoder.layer[{layer}].output", low_rank_dimension=a.rank, intervention=edit()
        )
        for layer in range(blocks)
    ]
    reft = pyreft.get_reft_model(base, pyreft.ReftConfig(representations=places))
    edits = [value[0] if isinstance(value, (list, tuple)) else value for value in reft.interventions.values()]
    initial = {}
    for index, each in enumerate(edits):
        # A Householder factor whose first columns are the rotation, so that both libraries take the same steps.
        rotation = each.rotate_layer.weight.detach().double()
        full, triangle = torch.linalg.qr(rotation, mode="complete")
        full[:, : a.rank] *= torch.sign(torch.diagonal(triangle))
        each.rotate_layer.parametrizations.weight[0].base.data.copy_(full.float())
        initial[f"{index}.rotate"] = each.rotate_layer.weight.detach().clone().contiguous()
        initial[f"{index}.weight"] = each.learned_source.weight.detach().clone()
        initial[f"{index}.bias"] = each.learned_source.bias.detach().clone()
    save_file(initial, a.initial)

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    labels = dict(not_entailment=0, entailment=1)
    encoded = [(tokenizer.encode(row["text"], row["pair"]).ids, labels[row["label"]]) for row in rows]
    batches = [encoded[start : start + a.batch] for start in range(0, len(encoded), a.batch)]
    head = list(base.classifier.parameters())
    for parameter in head:
        parameter.requires_grad = True
    trained = [parameter for each in edits for parameter in each.parameters() if parameter.requires_grad] + head
    optimizer = torch.optim.AdamW(trained, lr=a.rate, weight_decay=0.0)
    reft.train()
    losses, seconds = [], []
    for batch in batches * a.epochs:
        start, longest = time.time(), max(len(ids) for ids, _ in batch)
        ids = torch.tensor([ids + [1] * (longest - len(ids)) for ids, _ in batch])
        mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in batch])
        where = [[[0]] * len(batch)] * blocks
        targets = torch.tensor([label for _, label in batch])
        inputs = dict(input_ids=ids, attention_mask=mask)
        _, output = reft(inputs, unit_locations={"sources->base": (None, where)}, labels=targets)
        output.loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(output.loss.item())
        seconds.append(time.time() - start)
    print(json.dumps(dict(losses=losses, step_s=seconds)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "train"])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("source", type=Path, nargs="?")
    parser.add_argument("--initial")
    parser.add_argument("--rank", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    make(a.model, a.data, a.source) if a.what == "make" else train(a.model, a.data, a)


if __name__ == "__main__":
    main()
