#!/usr/bin/env python3
"""Makes a small GGUF file with user-defined SentencePiece tokens, and records how transformers encodes texts.

    pip install transformers==4.57.6 tokenizers==0.22.2 sentencepiece==0.2.3 gguf==0.19.0 protobuf==7.36.2 numpy==2.4.6
    python -B tests/goldens/make_user_pieces.py

gguf/user_pieces.gguf has the pieces as llama.cpp's converter writes them, with spaces instead of space marks; texts get
a space in front. gguf/user_pieces.json has texts and their ids by transformers' Llama tokenizer. llama.cpp's are the
same where no run of spaces is a piece: after one it prepends another space, which no other library does.
"""

from reference import require, write_json

require(transformers="4.57.6", tokenizers="0.22.2", sentencepiece="0.2.3", gguf="0.19.0", protobuf="7.36.2", numpy="2.4.6")

import io
import tempfile
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
from transformers import LlamaTokenizerFast

GGUF = Path(__file__).parent / "gguf"
MARK = "\u2581"
PIECES = ["<|user|>", MARK * 2, MARK * 3, "<sep>", "foo"]
CORPUS = (
    ["The quick brown fox jumps over the lazy dog.", "  two spaces, three   and\ttabs end  "] * 4
    + [f"{a} {n} {v}s over the {n}." for a in ["quick", "lazy"] for n in ["fox", "dog", "word"] for v in ["jump", "walk"]]
)
TEXTS = [
    "a  b", "a<|user|>b", "a <|user|> b", "<|user|>b", "<|user|><sep>b", "  a", "a   b    c", "a     b      c", "foo", "a foo bar",
    "food foobar", "the  foo  bar", "a  ", "   ", " ", "  <|user|>  b", "<sep>   <sep>", "the  quick   brown<sep>  fox", "a\n  b\n    c", "\t  x",
]


def main():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type="bpe", vocab_size=330, character_coverage=0.98, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, user_defined_symbols=PIECES, num_threads=1,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokens = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    kinds = gguf.TokenType

    def kind_of(i):
        if processor.is_unknown(i):
            return kinds.UNKNOWN
        if processor.is_control(i):
            return kinds.CONTROL
        if processor.is_byte(i):
            return kinds.BYTE
        return kinds.USER_DEFINED if tokens[i] in PIECES else kinds.NORMAL

    writer = gguf.GGUFWriter(GGUF / "user_pieces.gguf", "llama")
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([t.replace(MARK, " ") if kind_of(i) == kinds.USER_DEFINED else t for i, t in enumerate(tokens)])
    writer.add_token_scores([processor.get_score(i) for i in range(len(tokens))])
    writer.add_token_types([kind_of(i) for i in range(len(tokens))])
    writer.add_bos_token_id(processor.bos_id())
    writer.add_eos_token_id(processor.eos_id())
    writer.add_unk_token_id(processor.unk_id())
    writer.add_add_space_prefix(True)
    writer.add_context_length(64)
    writer.add_tensor("token_embd.weight", np.zeros((1, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.model"
        path.write_bytes(model.getvalue())
        tokenizer = LlamaTokenizerFast(vocab_file=str(path), legacy=True, add_prefix_space=True)
        write_json(GGUF / "user_pieces.json", [[text, tokenizer.encode(text)] for text in TEXTS])


if __name__ == "__main__":
    main()
