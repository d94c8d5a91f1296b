#!/usr/bin/env python3
"""Generates tokens with another library, for tests/bench/serving.ts: transformers' generate, or llama.cpp.

    python serving_peer.py transformers MODEL THREADS
    python serving_peer.py llama.cpp LIBRARIES FILE.gguf THREADS

LIBRARIES is the folder of the prebuilt shared libraries in the npm package @node-llama-cpp/linux-x64. Reads lines
{"rows", "prompt", "tokens"} and answers each with {"first", "rate"}: the seconds to the first token after prompts of
that many tokens, and the tokens per second from then on. The prompts are those of serving.ts; llama.cpp takes one row.
"""

import ctypes
import json
import sys
import time
from pathlib import Path


def prompt_of(row, length):
    return [100 + (at * 37 + row * 101) % 40_000 for at in range(length)]


def transformers(folder, threads):
    import torch
    from transformers import AutoModelForCausalLM, StoppingCriteria

    torch.set_num_threads(int(threads))
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).eval()

    class Watch(StoppingCriteria):
        """Records the time of the first token, and never stops."""

        first = None

        def __call__(self, input_ids, scores, **_):
            self.first = self.first or time.perf_counter()
            return torch.zeros(len(input_ids), dtype=torch.bool)

    def write(rows, prompt, tokens):
        ids, watch = torch.tensor([prompt_of(row, prompt) for row in range(rows)]), Watch()
        lengths = {"max_new_tokens": tokens, "min_new_tokens": tokens, "do_sample": False, "pad_token_id": 0}
        start = time.perf_counter()
        model.generate(ids, attention_mask=torch.ones_like(ids), stopping_criteria=[watch], **lengths)
        return watch.first - start, time.perf_counter() - watch.first

    return write


class Parameters(ctypes.Structure):
    """Opaque parameters: they are taken from the library and handed back, on the stack."""

    _fields_ = [("bytes", ctypes.c_uint8 * 512)]


LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)


def llama_cpp(folder, file, threads):
    import numpy as np

    def load(name):
        return ctypes.CDLL(str(next(Path(folder).glob(f"{name}*.so*"))), mode=ctypes.RTLD_GLOBAL)

    ggml, backends, llama = load("libggml-base"), load("libggml."), load("libllama.")
    backends.ggml_backend_load_all_from_path(folder.encode())
    for name in ("llama_model_default_params", "llama_context_default_params", "llama_batch_get_one"):
        getattr(llama, name).restype = Parameters
    for name in ("llama_model_load_from_file", "llama_init_from_model", "llama_model_get_vocab"):
        getattr(llama, name).restype = ctypes.c_void_p
    llama.llama_get_logits_ith.restype = ctypes.POINTER(ctypes.c_float)
    llama.llama_log_set(LOG, None)
    ggml.ggml_log_set(LOG, None)
    loaded = llama.llama_model_load_from_file(file.encode(), llama.llama_model_default_params())
    assert loaded is not None, f"llama.cpp refuses {file}"
    model = ctypes.c_void_p(loaded)
    size = llama.llama_vocab_n_tokens(ctypes.c_void_p(llama.llama_model_get_vocab(model)))

    def write(rows, prompt, tokens):
        assert rows == 1, "llama.cpp takes one row here"
        context = ctypes.c_void_p(llama.llama_init_from_model(model, llama.llama_context_default_params()))
        llama.llama_set_n_threads(context, int(threads), int(threads))

        def read(ids):
            given = (ctypes.c_int32 * len(ids))(*ids)  # The batch points to it.
            assert llama.llama_decode(context, llama.llama_batch_get_one(given, len(ids))) == 0
            return int(np.ctypeslib.as_array(llama.llama_get_logits_ith(context, -1), (size,)).argmax())

        start = time.perf_counter()
        token = read(prompt_of(0, prompt))
        first = time.perf_counter()
        for _ in range(tokens - 1):
            token = read([token])
        end = time.perf_counter()
        llama.llama_free(context)
        return first - start, end - first

    return write


def main():
    write = {"transformers": transformers, "llama.cpp": llama_cpp}[sys.argv[1]](*sys.argv[2:])
    for line in sys.stdin:
        asked = json.loads(line)
        first, seconds = write(asked["rows"], asked["prompt"], asked["tokens"])
        print(json.dumps({"first": first, "rate": asked["rows"] * (asked["tokens"] - 1) / seconds}), flush=True)


main()
