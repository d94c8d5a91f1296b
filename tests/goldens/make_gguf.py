#!/usr/bin/env python3
"""Makes small GGUF files and records how other libraries read them, for the tests of pipelines/models/gguf.

    pip install torch==2.15.0 transformers==4.57.1 tokenizers==0.22.2 numpy==2.3.5 gguf==0.19.0 sentencepiece==0.2.1
    python -B tests/goldens/make_gguf.py

gguf/types.gguf has a tensor of each storage type, and types.bin the numbers that gguf-py reads from them, one tensor
after the other as 32-bit floats. gguf/<architecture>.gguf is a random model of transformers, its tensors named by
gguf-py's own table; architectures.json has its config.json and the beginning of each tensor's SHA-256 in transformers.
gguf/<tokenizer>.gguf has a tokenizer and one tensor; tokenizers.json has texts and their ids by sentencepiece or
tokenizers.
"""

from reference import require, write_json

require(torch="2.15.0", transformers="4.57.1", tokenizers="0.22.2", numpy="2.3.5", gguf="0.19.0", sentencepiece="0.2.1")

import hashlib
import io
import json
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers.modeling_utils import no_init_weights

GGUF = Path(__file__).parent / "gguf"
Type = gguf.GGMLQuantizationType


def write(path, architecture, fill):
    writer = gguf.GGUFWriter(path, architecture)
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# Storage types

ROWS, COLUMNS = 1, 512
SCALES = {"Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def random_blocks(name, random):
    """Random bytes with finite scales, since gguf-py can't quantize K types."""
    block, size = gguf.GGML_QUANT_SIZES[Type[name]]
    blocks = random.integers(0, 256, (ROWS * COLUMNS // block, size), dtype=np.uint8)
    for at in SCALES.get(name, []):
        blocks[:, at : at + 2] = random.normal(0, 0.1, (len(blocks), 1)).astype(np.float16).view(np.uint8)
    if name == "Q8_K":
        blocks[:, :4] = random.normal(0, 0.1, (len(blocks), 1)).astype(np.float32).view(np.uint8)
    return blocks.reshape(ROWS, -1)


def dequantized(data, name):
    if name != "Q8_K":
        return gguf.quants.dequantize(data, Type[name])
    blocks = data.reshape(-1, 292)
    scales, numbers = blocks[:, :4].copy().view(np.float32), blocks[:, 4:260].view(np.int8)
    return (scales * numbers.astype(np.float32)).reshape(ROWS, COLUMNS)


def make_types():
    random, expected = np.random.default_rng(1), []
    names = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]

    def fill(writer):
        for name in [*names, "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"]:
            numbers = random.normal(0, 0.1, (ROWS, COLUMNS)).astype(np.float32)
            data = gguf.quants.quantize(numbers, Type[name]) if name in names else random_blocks(name, random)
            writer.add_tensor(name, data, raw_dtype=Type[name])
            expected.append(dequantized(data, name).astype(np.float32).tobytes())

    write(GGUF / "types.gguf", "none", fill)
    (GGUF / "types.bin").write_bytes(b"".join(expected))


# Architectures

VOCABULARY = 24
SMALL = dict(
    vocab_size=VOCABULARY,
    hidden_size=8,
    intermediate_size=12,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    max_position_embeddings=64,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)
LLAMA3 = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192
)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32)
LONG = dict(type="longrope", short_factor=[1.0, 1.5], long_factor=[2.0, 4.0])


def config(name, **settings):
    return getattr(transformers, f"{name}Config")(**{**SMALL, **settings})


CASES = {
    "llama": config(
        "Llama", rope_theta=500000.0, rope_scaling=LLAMA3, attention_bias=True, head_dim=32, num_hidden_layers=1
    ),
    "qwen2": config("Qwen2", rope_scaling=YARN, tie_word_embeddings=True),
    "qwen3": config("Qwen3", head_dim=8),
    "gemma": config("Gemma", head_dim=8),
    "gemma2": config("Gemma2", head_dim=8, sliding_window=16, query_pre_attn_scalar=8),
    "gemma3": config(
        "Gemma3Text",
        num_hidden_layers=6,
        head_dim=8,
        sliding_window=16,
        query_pre_attn_scalar=8,
        rope_scaling=dict(rope_type="linear", factor=8.0),
    ),
    "phi2": config("Phi", partial_rotary_factor=0.5),
    "phi3": config("Phi3", rope_scaling=LONG, original_max_position_embeddings=32),
    "gpt2": transformers.GPT2Config(
        vocab_size=VOCABULARY, n_embd=8, n_layer=2, n_head=2, n_positions=64, n_inner=12, bos_token_id=1, eos_token_id=2
    ),
    "starcoder2": config("Starcoder2", tie_word_embeddings=True),
    "stablelm": config(
        "StableLm", use_qkv_bias=True, qk_layernorm=True, use_parallel_residual=True, partial_rotary_factor=0.5
    ),
    "olmo2": config("Olmo2"),
    "granite": config(
        "Granite", embedding_multiplier=12.0, logits_scaling=8.0, residual_multiplier=0.22, attention_multiplier=0.125
    ),
    "falcon": transformers.FalconConfig(
        **{**SMALL, "hidden_size": 16, "num_attention_heads": 4, "num_key_value_heads": None},
        num_kv_heads=2,
        ffn_hidden_size=12,
        new_decoder_architecture=True,
    ),
    "gptneox": config("GPTNeoX", rotary_pct=0.5, num_key_value_heads=None),
    "command-r": config("Cohere", use_qk_norm=True, logit_scale=0.25),
    "cohere2": config("Cohere2", sliding_window=16, sliding_window_pattern=4),
}


def interleave(tensor, heads):
    """Interleaves the rows of the rotary halves of each head."""
    return (
        tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:]).swapaxes(1, 2).reshape(tensor.shape)
    )


def concatenate_heads(tensor, groups, queries):
    """Reorders the queries, keys and values of each group to all queries, all keys, all values."""
    parts = tensor.reshape(groups, queries + 2, -1, *tensor.shape[1:])
    parts = [parts[:, :-2], parts[:, -2:-1], parts[:, -1:]]
    return np.concatenate([part.reshape(-1, *tensor.shape[1:]) for part in parts])


def stored(architecture, name, tensor, config):
    heads, groups = config.num_attention_heads, getattr(config, "num_key_value_heads", None)
    if architecture in ("llama", "granite"):
        if ".q_proj." in name:
            return interleave(tensor, heads)
        if ".k_proj." in name:
            return interleave(tensor, groups)
    if architecture.startswith("gemma") and "norm" in name:
        return tensor + np.float32(1)
    if architecture == "gpt2" and tensor.ndim == 2 and any(part in name for part in (".c_attn.", ".c_proj.", ".c_fc.")):
        return tensor.T
    if architecture == "falcon" and "query_key_value" in name:
        return concatenate_heads(tensor, config.num_kv_heads, heads // config.num_kv_heads)
    if architecture == "gptneox" and "query_key_value" in name:
        return concatenate_heads(tensor, heads, 1)
    return tensor


def rope_metadata(writer, architecture, config):
    scaling = getattr(config, "rope_scaling", None) or {}
    kind = scaling.get("rope_type", scaling.get("type"))
    if kind in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
        writer.add_rope_scaling_factor(scaling["factor"])
    if kind == "yarn":
        writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])
    if kind == "longrope":
        writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
        writer.add_tensor("rope_factors_long.weight", np.array(scaling["long_factor"], dtype=np.float32))
        writer.add_tensor("rope_factors_short.weight", np.array(scaling["short_factor"], dtype=np.float32))
    if kind == "llama3":
        plain = transformers.LlamaConfig(**{**config.to_dict(), "rope_scaling": None})
        frequencies = [transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")[0]]
        exponents = torch.arange(0, plain.head_dim, 2) / plain.head_dim
        divisors = config.rope_theta**-exponents / frequencies[0]
        writer.add_tensor("rope_freqs.weight", divisors.numpy().astype(np.float32))


def metadata(writer, architecture, config):
    get = lambda *names: next((value for name in names if (value := getattr(config, name, None)) is not None), None)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(get("ffn_hidden_size", "n_inner", "intermediate_size"))
    writer.add_head_count(config.num_attention_heads)
    if (groups := get("num_kv_heads", "num_key_value_heads")) is not None:
        writer.add_head_count_kv(groups)
    if (epsilon := get("rms_norm_eps")) is not None:
        writer.add_layer_norm_rms_eps(epsilon)
    if (epsilon := get("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon")) is not None:
        writer.add_layer_norm_eps(epsilon)
    width = get("head_dim") or config.hidden_size // config.num_attention_heads
    if width * config.num_attention_heads != config.hidden_size or architecture.startswith("gemma"):
        writer.add_key_length(width)
        writer.add_value_length(width)
    if architecture != "gpt2":
        writer.add_rope_dimension_count(int(width * (get("partial_rotary_factor", "rotary_pct") or 1)))
        writer.add_rope_freq_base(get("rope_theta", "rotary_emb_base"))
    if architecture in ("gemma2", "gemma3", "cohere2"):
        writer.add_sliding_window(config.sliding_window)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if architecture in ("command-r", "cohere2"):
        writer.add_logit_scale(config.logit_scale)
    if architecture in ("stablelm", "gptneox"):
        writer.add_parallel_residual(config.use_parallel_residual)
    if architecture == "granite":
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    rope_metadata(writer, architecture, config)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"<{i}>" if i < 3 else chr(ord("a") + i) for i in range(VOCABULARY)])
    writer.add_token_types([gguf.TokenType.CONTROL if i < 3 else gguf.TokenType.NORMAL for i in range(VOCABULARY)])
    writer.add_token_merges(["d e"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def make_model(architecture, config, keep=None):
    torch.manual_seed(1)
    with no_init_weights():
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    if keep is not None:
        model.save_pretrained(keep / architecture)
    tied = config.tie_word_embeddings
    tensors = {
        name: tensor.detach().numpy()
        for name, tensor in model.state_dict().items()
        if not (tied and name == "lm_head.weight") and not name.endswith(("inv_freq", ".attn.bias", ".masked_bias"))
    }
    number = next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == architecture)
    names = gguf.get_tensor_name_map(number, config.num_hidden_layers)

    def fill(writer):
        metadata(writer, architecture, config)
        by_head = {}
        for name, tensor in tensors.items():
            if ".norms." in name:
                by_head.setdefault(name.split(".norms.")[0], []).append(tensor)
                continue
            own = names.get_name(name, try_suffixes=(".weight", ".bias"))
            assert own is not None, name
            writer.add_tensor(own, np.ascontiguousarray(stored(architecture, name, tensor, config)))
        for name, heads in by_head.items():
            writer.add_tensor(names.get_name(f"{name}.weight", try_suffixes=(".weight",)), np.stack(heads))

    write(GGUF / f"{architecture}.gguf", architecture, fill)
    sums = {
        name: hashlib.sha256(np.ascontiguousarray(tensor).tobytes()).hexdigest()[:16]
        for name, tensor in tensors.items()
    }
    return {"config": fields(config), "tensors": sums}


def fields(config):
    """The fields of a config, without those that only Python needs."""
    skipped = (
        "architectures",
        "transformers_version",
        "dtype",
        "_attn_implementation_autoset",
        "initializer_range",
        "use_cache",
    )
    return {name: value for name, value in sorted(config.to_diff_dict().items()) if name not in skipped}


# Tokenizers

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "  two spaces, three   and\ttabs\n\nnew lines \r\n end  ",
    "don't we'll I'M they'Ve 1 12 123 1234567 3.14",
    "Grüße aus Köln, naïve café, ﬁne ½ ²",
    "中文字符 日本語テキスト 한국어 текст עברית ٣٤٥",
    "🙂👩‍👩‍👧 e\u0301 vs \u00e9 a\u00a0b",
    "def f(x):\n    return x_1 + {'k': [0]}  # ok!!! ...",
    "<s>special</s> tokens<|user|>  between <0x41>",
    "camelCaseWords HTTPServer snake_case /path/to/file",
    "",
    " ",
]
CORPUS = [line for text in TEXTS for line in [text] * 4 if line.strip()] + [
    f"{adjective} {noun} {verb}s over the {noun}, {number}."
    for adjective in ["quick", "lazy", "brown", "naïve"]
    for noun in ["fox", "dog", "server", "café", "word"]
    for verb in ["jump", "return", "walk"]
    for number in [1, 12, 123]
]


def with_tokenizer(name, fill):
    def both(writer):
        fill(writer)
        writer.add_context_length(64)
        writer.add_tensor("token_embd.weight", np.zeros((1, 32), dtype=np.float32))

    write(GGUF / f"{name}.gguf", "llama", both)


def make_sentence_piece(kind):
    model, prefix = io.BytesIO(), kind == "bpe"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_writer=model,
        model_type=kind,
        vocab_size=420 if kind == "bpe" else 120,
        character_coverage=0.98,
        byte_fallback=kind == "bpe",
        normalization_rule_name="identity",
        remove_extra_whitespaces=kind != "bpe",
        user_defined_symbols=["<|user|>"],
        num_threads=1,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    size = processor.get_piece_size()

    def kind_of(i):
        if processor.is_unknown(i):
            return gguf.TokenType.UNKNOWN
        if processor.is_control(i):
            return gguf.TokenType.CONTROL
        if processor.is_byte(i):
            return gguf.TokenType.BYTE
        return gguf.TokenType.USER_DEFINED if processor.id_to_piece(i) == "<|user|>" else gguf.TokenType.NORMAL

    def fill(writer):
        writer.add_tokenizer_model("llama" if kind == "bpe" else "t5")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([processor.id_to_piece(i) for i in range(size)])
        writer.add_token_scores([processor.get_score(i) for i in range(size)])
        writer.add_token_types([kind_of(i) for i in range(size)])
        writer.add_bos_token_id(processor.bos_id())
        writer.add_eos_token_id(processor.eos_id())
        writer.add_unk_token_id(processor.unk_id())

    with_tokenizer(kind, fill)
    texts = [text for text in TEXTS if "<" not in text]
    around = (lambda ids: [processor.bos_id(), *ids]) if kind == "bpe" else (lambda ids: [*ids, processor.eos_id()])
    return [[text, around(processor.encode(text))] for text in texts]


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


SPACES = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*"
    + SPACES
)
CJK = r"[\x{4e00}-\x{9fa5}\x{0800}-\x{4e00}\x{ac00}-\x{d7ff}]+"
PRE = {
    "gpt-2": [byte_level(True)],
    "olmo": [byte_level(True)],
    "smollm": [pre_tokenizers.Digits(individual_digits=True), byte_level(True)],
    "llama-bpe": [split(CL100K), byte_level(False)],
    "qwen2": [split(CL100K.replace("{1,3}", "")), byte_level(False)],
    "tekken": [split(TEKKEN), byte_level(False)],
    "deepseek-coder": [
        *(split(pattern) for pattern in [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", CJK]),
        pre_tokenizers.Digits(individual_digits=True),
        byte_level(False),
    ],
    "falcon": [
        pre_tokenizers.Punctuation("contiguous"),
        byte_level(True),
        pre_tokenizers.Digits(individual_digits=False),
        split("[0-9][0-9][0-9]"),
    ],
}
COMPOSED = ("olmo", "qwen2")
IGNORES_MERGES = ("llama-bpe", "tekken")
SPECIAL = ["<s>", "</s>", "<|user|>"]


def make_byte_level():
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = byte_level(True)
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        show_progress=False,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    trained.train_from_iterator(CORPUS, trainer)
    model = json.loads(trained.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    merges = [tuple(merge) for merge in model["merges"]]

    def fill(writer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(tokens)
        writer.add_token_types(
            [gguf.TokenType.CONTROL if token in SPECIAL else gguf.TokenType.NORMAL for token in tokens]
        )
        writer.add_token_merges([" ".join(merge) for merge in merges])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(1)

    with_tokenizer("byte_level", fill)
    return {name: byte_level_ids(name, model["vocab"], merges) for name in PRE}


def byte_level_ids(name, vocabulary, merges):
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=name in IGNORES_MERGES))
    if name in COMPOSED:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(PRE[name])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    if name in IGNORES_MERGES:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return [[text, tokenizer.encode(text).ids] for text in TEXTS]


def make_word_piece():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = sorted(set("".join(CORPUS).lower()) - {" "})
    # Its trainer returns a different vocabulary each time.
    tokens = [*special, *letters, *(f"##{letter}" for letter in letters), "the", "over", "jump", "##s", "##ing", "##er"]
    tokens = list(dict.fromkeys(tokens))
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )

    def phantom(token):
        return token if token in special else token[2:] if token.startswith("##") else "▁" + token

    def fill(writer):
        writer.add_tokenizer_model("bert")
        writer.add_token_list([phantom(token) for token in tokens])
        writer.add_token_types(
            [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
        )
        writer.add_unk_token_id(1)
        writer.add_sep_token_id(3)
        writer.add_pad_token_id(0)
        writer.add_mask_token_id(4)

    with_tokenizer("bert", fill)
    return [[text, tokenizer.encode(text).ids] for text in TEXTS]


def main(keep=None):
    GGUF.mkdir(exist_ok=True)
    make_types()
    write_json(GGUF / "architectures.json", {name: make_model(name, config, keep) for name, config in CASES.items()})
    tokenizers = {
        "bpe": make_sentence_piece("bpe"),
        "unigram": make_sentence_piece("unigram"),
        "bert": make_word_piece(),
    }
    write_json(GGUF / "tokenizers.json", {**tokenizers, "byteLevel": make_byte_level()})


if __name__ == "__main__":
    main()
