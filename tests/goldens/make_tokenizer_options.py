#!/usr/bin/env python3
"""Records how the Rust library and transformers apply rarer options of tokenizers, for tokenizer_options_test.

    pip install tokenizers==0.22.2 transformers==4.57.6 jinja2
    python -B tests/goldens/make_tokenizer_options.py

tokenizer_options/patterns.json.gz has regular expressions of Oniguruma and the parts that they split texts into,
models.json.gz tokenizer.json's models with every option and the ids of random texts, folders.json.gz a model folder's
files that declare added tokens in every way, and the ids of texts.
"""

from reference import require

require(tokenizers="0.22.2", transformers="4.57.6")

import gzip
import itertools
import json
import math
import random
import tempfile
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

HERE = Path(__file__).parent / "tokenizer_options"

PATTERNS = [
    r"(?<=\p{L})(?=\p{Lu})", r"\b", r"\B", r"(?=(\d{3})+(?!\d))", r"\s++$", r"",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"(?i:'s|'t)", r"(?i)k|s", r"(?-i:a)|B", r"(?i:ab)c", r"(?i:[a-c])+", r"(?i:\p{Lu})", r"(?i:[\p{Lu}0])", r"(?i:\P{Lu})",
    r"^a|b$", r"\A.|.\z", r"\Z", r"(?m:.)+", "(?x: a b # c\n)", r"\N+", r"\O", r"\R", r"\n+|[^\n]+",
    r"(?>a+)b", r"a*", r"(?=a)|b*", r"a??", r"a*?b", r"a+?", r"x{2}?", r"x{,2}", r"x{1,2}+", r"x+*", r"a{", r"a{b}",
    r"[[:alpha:]&&[^a]]+", r"[^(\s|[.,!?])]+", r"[a-c-e]+", r"[\w-]+", r"[]a]+", r"[^\S\n]+", r"[\x{41}-\x{43}\]]+",
    r"(a)(b)\2", r"(a|b)\1", r"(?<x>a|b)\k<x>", r"\h+", r"\p{Han}+|\p{greek}", r"\p{^L}", r"\x{41}|\u0042|\x43|\t", r"\#\-\ \'",
    *(rf"[[:{name}:]]" for name in "punct alnum graph print cntrl lower upper blank alpha digit space xdigit word ascii".split()),
    r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"\p{Word}", r"\p{Alnum}", r"\p{Emoji}",
]
TEXTS = [
    "", "helloWorldFooBar ÉtéÀ", "1234567 12 12345678", "a  \n  b  \n", " \t ", "aab aaab ab", "don't DON'T 'ſ K k S ſ",
    "abba aabb cc bb", "a\nb\na\n", "日本 αβγ Ω x x", "\r\n\r\n\n a\r", "a-c-e _-w", "xxxx xxx xx x{2} a{ a{b}",
    "A1B2C3a99a \tA", "ABC]ABC x_y  ", "a.b,c! (q) [z]|", "1,234.5e6", "\n", "bab", "😀a😀 é", "# - ' #- '", "a² b½c ¾ aʰ",
]
POOL = "aAbBxX1 9\n\r\t.,'_-[]éÉ日αǅſKİß😀\u0301\u2028\u0085\u00a0"


def some(rng, pool, longest):
    return "".join(rng.choice(pool) for _ in range(rng.randint(1, longest)))


def patterns():
    rng = random.Random(5)
    texts = TEXTS + [some(rng, POOL, 25) for _ in range(60)]
    cases = []
    for pattern, behavior in itertools.product(PATTERNS, ["isolated", "merged_with_previous"]):
        split = pre_tokenizers.Split(Regex(pattern), behavior)
        cases.append({"pattern": pattern, "behavior": behavior, "parts": [[part for part, _ in split.pre_tokenize_str(text)] for text in texts]})
    return {"texts": texts, "cases": cases}


CORPUS = ["the lower lowest newer newest wide wider widest words of the world", "été déjà ça 日本語 日本", "abababab aaaa bbbb ##a a## </w>"] * 20


def trained(**options):
    tokenizer = Tokenizer(models.BPE(**{key: value for key, value in options.items() if key != "end_of_word_suffix"}, **({"end_of_word_suffix": options["end_of_word_suffix"]} if "end_of_word_suffix" in options else {})))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    affixes = {key: options[key] for key in ("continuing_subword_prefix", "end_of_word_suffix") if key in options}
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=160, show_progress=False, special_tokens=["<unk>"], **affixes))
    return json.loads(tokenizer.to_str())


def with_model(declared, **changes):
    return {**declared, "added_tokens": [], "model": {**declared["model"], **changes}}


def add_bytes(declared, some_bytes):
    vocab = dict(declared["model"]["vocab"])
    for byte in some_bytes:
        vocab[f"<0x{byte:02X}>"] = len(vocab)
    return with_model(declared, vocab=vocab)


def model_cases():
    affixes = [{}, {"continuing_subword_prefix": "##"}, {"end_of_word_suffix": "</w>"}, {"continuing_subword_prefix": "@", "end_of_word_suffix": "$"}]
    for affix in affixes:
        base = trained(**affix)
        yield with_model(base)
        for fuse, unknown in [(False, "<unk>"), (True, "<unk>")]:
            yield with_model(base, fuse_unk=fuse, unk_token=unknown)
        yield with_model(base, ignore_merges=True, unk_token="<unk>", fuse_unk=True)
        yield with_model(add_bytes(base, range(256)), byte_fallback=True)
        yield with_model(add_bytes(base, range(0x80, 0xF0)), byte_fallback=True, unk_token="<unk>", fuse_unk=True)
        yield {**with_model(base, dropout=None, unk_token="<unk>"), "pre_tokenizer": None}
        yield {**with_model(base, dropout=0.0, unk_token="<unk>"), "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False}}
    empty = {**trained(), "added_tokens": []}
    pieces = ["<unk>", "a", "##a", "b", "##b", "the", "low", "##er", "##est", "wide", "##s", "é", "日", "##本", "w", "##o", "##r", "##d"]
    vocab = {piece: at for at, piece in enumerate(pieces)}
    for longest, prefix in [(100, "##"), (5, "##"), (100, "")]:
        yield {**empty, "model": {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": prefix, "max_input_chars_per_word": longest, "vocab": vocab}}
    yield {**empty, "model": {"type": "WordLevel", "unk_token": "<unk>", "vocab": {**vocab, "lower": 50, "日本": 51}}}
    scores = [["<unk>", 0.0], *([piece, -1.0 - math.sqrt(7 * at)] for at, piece in enumerate(["a", "b", "ab", "aba", "low", "er", "lower", "w", "e", "r", "t", "h", "the", "日", "日本", "é"]))]
    yield {**empty, "model": {"type": "Unigram", "unk_id": 0, "vocab": scores, "byte_fallback": False}}
    bytes_ = [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]
    yield {**empty, "model": {"type": "Unigram", "unk_id": 0, "vocab": scores + bytes_, "byte_fallback": True}}
    yield {**empty, "model": {"type": "Unigram", "unk_id": 0, "vocab": scores + bytes_[:200], "byte_fallback": True}}


def random_texts(rng, count):
    words = " ".join(CORPUS[:3]).split() + ["<unk>", "</w>", "##", "▁", "<0x41>"]
    planes = [chr(code) for code in (0x7F, 0x80, 0x3A9, 0x5D0, 0x200D, 0x2028, 0xFB01, 0xFFFD, 0x10348, 0x1F600, 0x20000, 0xE0001, 0x10FFFD)]
    texts = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.5:
            texts.append(rng.choice([" ", "", "  "]).join(rng.choice(words) for _ in range(rng.randint(1, 8))))
        elif kind < 0.8:
            texts.append(some(rng, "abelowrtsh éà日本語ça \t\n" + "".join(planes), 20))
        else:
            texts.append(some(rng, "ab" if kind < 0.9 else "lower", 90))
    return texts


def model_goldens():
    rng = random.Random(7)
    cases = []
    for declared in model_cases():
        tokenizer = Tokenizer.from_str(json.dumps(declared))
        texts = random_texts(rng, 120)
        cases.append({"tokenizer": declared, "texts": texts, "ids": [encoding.ids for encoding in tokenizer.encode_batch(texts)]})
    return cases


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False))
    return json.loads(tokenizer.to_str())


def token(content, **flags):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False, **flags}


def folder_cases():
    base = byte_level()
    first = len(base["model"]["vocab"])
    nfc = {"type": "Lowercase"}

    def tokenizer(*added, **fields):
        return {**base, **fields, "added_tokens": [{"id": first + at, **each} for at, each in enumerate(added)]}

    end = token("</s>", special=True)
    plain = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"}
    extra = token("<X>", normalized=True)
    flags = ["lstrip", "rstrip", "single_word", "normalized", "special"]
    for normalizer in (None, nfc):
        for flag in flags:
            for before in (False, True):
                old, new = {**token("<X>"), flag: before}, {**token("<X>"), flag: not before}
                yield {"tokenizer.json": tokenizer(end, old, normalizer=normalizer),
                       "tokenizer_config.json": {**plain, "added_tokens_decoder": {str(first): end, str(first + 1): new}}}
    yield {"tokenizer.json": tokenizer(end), "tokenizer_config.json": {**plain, "added_tokens_decoder": {str(first): end, str(first + 1): extra, str(first + 2): token("<Y>", special=True)}}}
    yield {"tokenizer.json": tokenizer(end, extra), "tokenizer_config.json": {**plain, "added_tokens_decoder": {}, "pad_token": "<X>"}}
    yield {"tokenizer.json": tokenizer(end, extra), "tokenizer_config.json": {**plain, "pad_token": "<X>", "additional_special_tokens": ["<Y>", "lower"]}}
    for split in (True, False):
        yield {"tokenizer.json": tokenizer(end, extra, token("<Y>", special=True, rstrip=True)), "tokenizer_config.json": {**plain, "split_special_tokens": split}}
    yield {"tokenizer.json": tokenizer(end), "tokenizer_config.json": plain, "added_tokens.json": {"<X>": first + 1, "<Y>": first + 2}}
    yield {"tokenizer.json": tokenizer(end), "tokenizer_config.json": {**plain, "pad_token": "<Y>"}, "added_tokens.json": {"<Y>": first + 1, "<X>": first + 2}}
    yield {"tokenizer.json": tokenizer(end, extra), "tokenizer_config.json": {**plain, "added_tokens_decoder": {str(first): end}}, "added_tokens.json": {"<Y>": first + 2}}
    yield {"tokenizer.json": tokenizer(end, extra), "tokenizer_config.json": plain, "added_tokens.json": {"<X>": first + 1, "the": 5}}
    mapped = {"eos_token": token("</s>", lstrip=True), "pad_token": token("<Y>", lstrip=True), "additional_special_tokens": [token("<X>", rstrip=True), "<Z>"]}
    for each in mapped.values():
        for item in each if isinstance(each, list) else [each]:
            if isinstance(item, dict):
                item.pop("special")
    yield {"tokenizer.json": tokenizer(end), "tokenizer_config.json": plain, "special_tokens_map.json": mapped}
    yield {"tokenizer.json": tokenizer(end, extra), "tokenizer_config.json": plain, "special_tokens_map.json": mapped}
    yield {"tokenizer.json": tokenizer(end, extra), "tokenizer_config.json": {**plain, "added_tokens_decoder": {str(first): end}}, "special_tokens_map.json": mapped}
    yield {"tokenizer.json": tokenizer(end), "tokenizer_config.json": {**plain, "additional_special_tokens": ["<Y>"]}, "special_tokens_map.json": mapped, "added_tokens.json": {"<Y>": first + 1}}
    yield {"tokenizer.json": tokenizer(end), "tokenizer_config.json": {**plain, "eos_token": {"__type": "AddedToken", **token("</s>", rstrip=True)}, "pad_token": {"__type": "AddedToken", **token("<Y>", lstrip=True)}}}
    yield {"tokenizer.json": tokenizer(end), "tokenizer_config.json": {**plain, "added_tokens_decoder": {str(first): end}, "extra_special_tokens": {"image_token": "<X>"}}}
    roberta = {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": False}
    names = [token(name, special=True) for name in ("<s>", "</s>", "<unk>", "<pad>", "<mask>")]
    post = {"type": "RobertaProcessing", "sep": ["</s>", first + 1], "cls": ["<s>", first], "trim_offsets": True, "add_prefix_space": False}
    yield {"tokenizer.json": tokenizer(*names, post_processor=post), "tokenizer_config.json": roberta}
    yield {"tokenizer.json": tokenizer(*names, post_processor=post), "tokenizer_config.json": {**roberta, "mask_token": "<mask>"}}
    yield {"tokenizer.json": tokenizer(*names[:4], post_processor=post), "tokenizer_config.json": {**roberta, "mask_token": "<mask>"}}
    llama = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "pad_token": "[PAD]"}
    yield {"tokenizer.json": tokenizer(*names[:3]), "tokenizer_config.json": llama}
    yield {"tokenizer.json": tokenizer(*names[:3], token("<X>"), token("<x>"), normalizer=nfc), "tokenizer_config.json": llama}


FOLDER_TEXTS = [
    "a <X> b", "a<X>b", "  <X>  <X>  ", "a <x> b<x>", "<Y> <X></s> <Z>", "x </s>  y", "</s></s>", " <Y> a", "a<Y> lower <Z>", "lower lowerlower the lower",
    "word<X>word <X>. (<X>)", "A <mask> B  <mask>", "<s> [PAD] <pad> [PAD]x", "the <unk> the", "é<X>é\t<X>\n", "the,the", "<X", "<image> <X> ",
]


def folder_goldens():
    cases = []
    for files in folder_cases():
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                Path(folder, name).write_text(json.dumps(content))
            reference = AutoTokenizer.from_pretrained(folder, use_fast=True)
            ids = [reference(text)["input_ids"] for text in FOLDER_TEXTS]
            texts = [reference.decode(of, skip_special_tokens=True) for of in ids]
        cases.append({"files": files, "ids": ids, "plainTexts": texts})
    return {"texts": FOLDER_TEXTS, "cases": cases}


def write(name, value):
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    (HERE / f"{name}.json.gz").write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def main():
    HERE.mkdir(exist_ok=True)
    write("patterns", patterns())
    write("models", model_goldens())
    write("folders", folder_goldens())


if __name__ == "__main__":
    main()
