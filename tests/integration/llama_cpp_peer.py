"""llama.cpp's logits of a float32 model with a LoRA adapter or a control vector, for
tests/integration/llama_cpp_test.ts.

    python llama_cpp_peer.py LIBRARIES BASE ADAPTERS IDS

LIBRARIES is the folder of the prebuilt shared libraries in the npm package @node-llama-cpp/linux-x64, BASE a folder of a
Llama with model.safetensors, which is written as GGUF below ADAPTERS with gguf-py's names. ADAPTERS has *.gguf files.
The library reads adapters itself; control vectors are read here by gguf-py and passed as llama.cpp's own loader does,
which is C++ and not callable. Prints as JSON the logits [tokens, vocabulary] of the ids by file name, those of the base
as "base".
"""

import ctypes
import json
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file


def halves(weight, heads):
    """Rotated pairs next to each other within a head, where transformers has them half a head apart."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_base(folder, path):
    config = json.loads((folder / "config.json").read_text())
    tensors = load_file(folder / "model.safetensors")
    heads, pairs, blocks = config["num_attention_heads"], config["num_key_value_heads"], config["num_hidden_layers"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(blocks)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(pairs)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["hidden_size"] // heads)
    writer.add_tokenizer_model("none")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, blocks)
    for name, tensor in tensors.items():
        if name.endswith("q_proj.weight"):
            tensor = halves(tensor, heads)
        if name.endswith("k_proj.weight"):
            tensor = halves(tensor, pairs)
        stem, kind = name.rsplit(".", 1)
        writer.add_tensor(f"{names.get_name(stem)}.{kind}", np.ascontiguousarray(tensor.astype(np.float32)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return config


class Parameters(ctypes.Structure):
    """Opaque parameters: they are taken from the library and handed back, on the stack."""

    _fields_ = [("bytes", ctypes.c_uint8 * 512)]


def library(folder):
    ggml = ctypes.CDLL(str(next(folder.glob("libggml-base*.so*"))), mode=ctypes.RTLD_GLOBAL)
    backends = ctypes.CDLL(str(next(folder.glob("libggml.*so*"))), mode=ctypes.RTLD_GLOBAL)
    backends.ggml_backend_load_all_from_path(str(folder).encode())
    llama = ctypes.CDLL(str(next(folder.glob("libllama.*so*"))), mode=ctypes.RTLD_GLOBAL)
    for name in ("llama_model_default_params", "llama_context_default_params", "llama_batch_get_one"):
        getattr(llama, name).restype = Parameters
    for name in ("llama_model_load_from_file", "llama_init_from_model", "llama_adapter_lora_init"):
        getattr(llama, name).restype = ctypes.c_void_p
    llama.llama_get_logits_ith.restype = ctypes.POINTER(ctypes.c_float)
    llama.llama_log_set(LOG, None)
    ggml.ggml_log_set(LOG, None)
    return llama


LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(
    lambda level, text, _: sys.stderr.write(text.decode()) if level >= 3 else None
)


def context_parameters(llama):
    """
    The defaults, except that keys and values are kept in float32, not float16, and that flash attention, which also
    rounds to float16, is off. These fields are found by the defaults before and after them: four unspecified types, the
    last of which is flash attention's; two empty pointers, then the types of keys and values.
    """
    parameters = llama.llama_context_default_params()
    numbers = np.frombuffer(parameters, np.int32)
    half, single = int(gguf.GGMLQuantizationType.F16), int(gguf.GGMLQuantizationType.F32)
    place(numbers, [-1, -1, -1, -1], [-1, -1, -1, 0])
    place(numbers, [0, 0, 0, 0, half, half], [0, 0, 0, 0, single, single])
    return parameters


def place(numbers, before, after):
    size = len(before)
    found = [at for at in range(0, len(numbers) - size, 2) if numbers[at : at + size].tolist() == before]
    assert len(found) == 1, f"{before} is at {found}"
    numbers[found[0] : found[0] + size] = after


def vector_of(path, width, blocks):
    data = np.zeros((blocks - 1, width), np.float32)
    reader = gguf.GGUFReader(path)
    assert bytes(reader.fields["general.architecture"].parts[-1]) == b"controlvector"
    for tensor in reader.tensors:
        block = int(tensor.name.removeprefix("direction."))
        assert tensor.tensor_type == gguf.GGMLQuantizationType.F32 and len(tensor.shape) == 1
        data[block - 1] = tensor.data
    return data


def logits(llama, model, config, path, ids):
    context = ctypes.c_void_p(llama.llama_init_from_model(model, context_parameters(llama)))
    if path is not None:
        kind = bytes(gguf.GGUFReader(path).fields["general.architecture"].parts[-1])
        if kind == b"controlvector":
            blocks, width = config["num_hidden_layers"], config["hidden_size"]
            data = vector_of(path, width, blocks)
            pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            code = llama.llama_set_adapter_cvec(context, pointer, ctypes.c_size_t(data.size), width, 1, blocks)
            assert code == 0, f"{path}: the control vector is refused"
        else:
            adapter = llama.llama_adapter_lora_init(model, str(path).encode())
            assert adapter is not None, f"{path}: the adapter is refused"
            set_adapters = llama.llama_set_adapters_lora
            code = set_adapters(context, (ctypes.c_void_p * 1)(adapter), ctypes.c_size_t(1), (ctypes.c_float * 1)(1.0))
            assert code == 0, f"{path}: the adapter does not fit"
    rows = []
    for token in ids:
        given = (ctypes.c_int32 * 1)(token)  # The batch points to it.
        batch = llama.llama_batch_get_one(given, 1)
        assert llama.llama_decode(context, batch) == 0
        rows.append(llama.llama_get_logits_ith(context, 0)[: config["vocab_size"]])
    llama.llama_free(context)
    return rows


def main():
    folder, base, adapters = map(Path, sys.argv[1:4])
    ids = [int(each) for each in sys.argv[4].split(",")]
    listed = sorted(adapters.glob("*.gguf"))
    path = adapters / "base" / "base.gguf"
    path.parent.mkdir()
    config = write_base(base, path)
    llama = library(folder)
    model = ctypes.c_void_p(llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params()))
    assert model.value is not None, "the base is refused"
    found = {each.stem: logits(llama, model, config, each, ids) for each in listed}
    print(json.dumps({"base": logits(llama, model, config, None, ids), **found}))


main()
