#!/usr/bin/env python3
"""Trains small tokenizers of every kind and records how transformers encodes 500 strings, for tokenizer_goldens_test.

    pip install tokenizers==0.22.2 transformers==4.57.6 sentencepiece==0.2.3 protobuf
    python -B tests/goldens/make_tokenizers.py [NAME=FOLDER ...]

tokenizers/strings.json has the strings; tokenizers/<case>.json.gz the tokenizer's files and, for every string, the ids
with special tokens; for every fourth the decoded text of these ids, with and without special tokens, or null where it
is the string itself; for every tenth its pair with the next one, whole and truncated to 12 tokens: ids and types. The
map of sentencepiece's nmt_nfkc, equal in all cases that have it, is stored once in tokenizers/nmt_nfkc.gz.
characters.json.gz has the ranges of code points that the Rust library classifies as marks, punctuation and so on,
splits.json the parts into which its pre-tokenizers split some texts. For NAME=FOLDER, the folder of a real tokenizer,
published/NAME.json.gz has only the results. Training WordPiece and BPE breaks some ties at random, so that another run
may find another vocabulary and ids.
"""

from reference import require, write_json

require(tokenizers="0.22.2", transformers="4.57.6", sentencepiece="0.2.3")

import base64
import gzip
import json
import os
import sys
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizer_strings import strings
from transformers import (
    AlbertTokenizerFast, AutoTokenizer, DebertaV2TokenizerFast, GemmaTokenizerFast, LlamaTokenizerFast, T5TokenizerFast,
    XLMRobertaTokenizerFast,
)

HERE = Path(__file__).parent / "tokenizers"
STRINGS = strings()
CORPUS = STRINGS + [
    "the small models of this test are trained on a few sentences and read many others",
    "und die kleinen Modelle lesen, was andere geschrieben haben",
] * 4
# Sentencepiece covers a share of all characters, so that more text in one script excludes more characters of others.
LATIN_CORPUS = CORPUS + CORPUS[-2:] * 250

GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
LLAMA3 = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"""


def special(*contents, **settings):
    return [AddedToken(content, special=True, normalized=False, **settings) for content in contents]


def word(content, **settings):
    return AddedToken(content, special=False, **{"normalized": False, **settings})


def byte_level(pre_tokenizer, added, normalizer=None, post=None, ignore_merges=False, vocabulary=380):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens(added)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = post(tokenizer) if post is not None else processors.ByteLevel(trim_offsets=False)
    return tokenizer


def splitting(*patterns):
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
    return pre_tokenizers.Sequence([*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def gpt2():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), special("<|endoftext|>"))
    return tokenizer, dict(tokenizer_class="GPT2Tokenizer", eos_token="<|endoftext|>", bos_token="<|endoftext|>", unk_token="<|endoftext|>")


def roberta():
    added = special("<s>", "<pad>", "</s>", "<unk>") + special("<mask>", lstrip=True)

    def post(tokenizer):
        ends = [(token, tokenizer.token_to_id(token)) for token in ("</s>", "<s>")]
        return processors.RobertaProcessing(*ends, trim_offsets=True, add_prefix_space=False)

    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), added, post=post)
    return tokenizer, dict(tokenizer_class="RobertaTokenizer", clean_up_tokenization_spaces=True)


def llama3():
    def post(tokenizer):
        begin = ("<|im_start|>", tokenizer.token_to_id("<|im_start|>"))
        template = processors.TemplateProcessing(single="<|im_start|> $A", pair="<|im_start|> $A <|im_start|>:1 $B:1", special_tokens=[begin])
        return processors.Sequence([processors.ByteLevel(trim_offsets=False), template])

    tokenizer = byte_level(splitting(LLAMA3), special("<|im_start|>", "<|im_end|>"), post=post, ignore_merges=True)
    return tokenizer, dict(tokenizer_class="PreTrainedTokenizerFast", bos_token="<|im_start|>", eos_token="<|im_end|>", clean_up_tokenization_spaces=True)


def qwen2():
    added = special("<|endoftext|>", "<|im_start|>", "<|im_end|>") + [word("<word>")]
    tokenizer = byte_level(splitting(QWEN2), added, normalizer=normalizers.NFC())
    return tokenizer, dict(tokenizer_class="Qwen2Tokenizer", eos_token="<|im_end|>", pad_token="<|endoftext|>", add_prefix_space=False, add_bos_token=False)


def o200k():
    return byte_level(splitting(O200K), special("<|endoftext|>")), dict(tokenizer_class="PreTrainedTokenizerFast", eos_token="<|endoftext|>")


def smollm():
    pre = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer = byte_level(pre, special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    return tokenizer, dict(tokenizer_class="GPT2Tokenizer", eos_token="<|im_end|>", bos_token="<|im_start|>", unk_token="<|endoftext|>")


def deepseek():
    patterns = [r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+", r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""]
    tokenizer = byte_level(splitting(*patterns), special("<bos>", "<eos>"))
    return tokenizer, dict(tokenizer_class="LlamaTokenizerFast", bos_token="<bos>", eos_token="<eos>", unk_token=None, add_bos_token=True, add_eos_token=False, legacy=True)


def gpt_neox():
    """Added spaces, words and marks: matched before or after the normalizer, with or without adjacent spaces."""
    added = special("<|endoftext|>", "<pad>") + special("<mask>", lstrip=True) + special("</s>", rstrip=True)
    added += [word(" " * count, normalized=True) for count in (16, 5, 3, 2)]
    added += [word("<lonely>", single_word=True), word("<Norm É>", normalized=True), word("ha", single_word=True, normalized=True)]
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), added, normalizer=normalizers.NFC())
    return tokenizer, dict(tokenizer_class="GPTNeoXTokenizer", eos_token="<|endoftext|>", bos_token="<|endoftext|>", unk_token="<|endoftext|>", add_eos_token=True)


def wordpiece(lowercase, **settings):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    alphabet = 420
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=600, limit_alphabet=alphabet, special_tokens=tokens, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer, dict(tokenizer_class="BertTokenizer", do_lower_case=lowercase, **settings)


def sentencepieces(kind, **settings):
    """Trains one on lines; sentencepiece skips those with a line break or NUL."""
    prefix = tempfile.mktemp()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LATIN_CORPUS), model_prefix=prefix, model_type=kind, vocab_size=600, hard_vocab_limit=False,
        num_threads=1, minloglevel=2, **settings)
    return prefix + ".model"


def bpe_pieces(**settings):
    return sentencepieces("bpe", byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity",
                          remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True, **settings)


def unigram_pieces(**settings):
    return sentencepieces("unigram", character_coverage=0.985, normalization_rule_name="nmt_nfkc", **settings)


def llama(legacy, **settings):
    source = LlamaTokenizerFast(bpe_pieces(), legacy=legacy)
    source.add_tokens(special("<|im_start|>") + special("<|im_end|>", rstrip=True) + [word("<word>"), word("<Norm É>", normalized=True)])
    return source.backend_tokenizer, dict(tokenizer_class="LlamaTokenizer", bos_token="<s>", eos_token="</s>", unk_token="<unk>", legacy=legacy, **settings)


def gemma():
    path = bpe_pieces(pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>", user_defined_symbols=["<start_of_turn>", "<end_of_turn>", "\n\n", "\n\n\n", "▁▁", "▁▁▁"])
    source = GemmaTokenizerFast(path)
    return source.backend_tokenizer, dict(tokenizer_class="GemmaTokenizer", bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", pad_token="<pad>")


def xlm_roberta():
    return XLMRobertaTokenizerFast(unigram_pieces()).backend_tokenizer, dict(tokenizer_class="XLMRobertaTokenizer")


def xlm_roberta_old():
    """As in old tokenizer.json files: whitespace is split first, then a mark is put before each word."""
    tokenizer = XLMRobertaTokenizerFast(unigram_pieces()).backend_tokenizer
    charsmap = json.loads(tokenizer.to_str())["normalizer"]["normalizers"][0]["precompiled_charsmap"]
    tokenizer.normalizer = normalizers.Precompiled(base64.b64decode(charsmap))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    return tokenizer, dict(tokenizer_class="XLMRobertaTokenizer")


def t5():
    source = T5TokenizerFast(unigram_pieces(pad_id=0, eos_id=1, unk_id=2, bos_id=-1), extra_ids=4)
    return source.backend_tokenizer, dict(tokenizer_class="T5Tokenizer", extra_ids=4)


def deberta_v2():
    pieces = unigram_pieces(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]", user_defined_symbols=["[MASK]"])
    source = DebertaV2TokenizerFast(pieces, split_by_punct=True)
    return source.backend_tokenizer, dict(tokenizer_class="DebertaV2Tokenizer", split_by_punct=True, do_lower_case=False)


def albert():
    pieces = unigram_pieces(pad_id=0, unk_id=1, bos_id=2, eos_id=3, bos_piece="[CLS]", eos_piece="[SEP]", user_defined_symbols=["[MASK]"])
    return AlbertTokenizerFast(pieces).backend_tokenizer, dict(tokenizer_class="AlbertTokenizer")


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits()])
    tokenizer.train_from_iterator(CORPUS, trainers.WordLevelTrainer(vocab_size=300, special_tokens=["<unk>", "</s>"], show_progress=False))
    return tokenizer, dict(tokenizer_class="PreTrainedTokenizerFast", unk_token="<unk>", eos_token="</s>")


CASES = {
    "gpt2": gpt2,
    "roberta": roberta,
    "llama3": llama3,
    "qwen2": qwen2,
    "o200k": o200k,
    "smollm": smollm,
    "deepseek": deepseek,
    "gpt_neox": gpt_neox,
    "bert_uncased": lambda: wordpiece(True),
    "bert_cased": lambda: wordpiece(False, strip_accents=None, tokenize_chinese_chars=True),
    "llama_legacy": lambda: llama(True),
    "llama": lambda: llama(False, add_bos_token=False, add_eos_token=True),
    "gemma": gemma,
    "xlm_roberta": xlm_roberta,
    "xlm_roberta_old": xlm_roberta_old,
    "t5": t5,
    "deberta_v2": deberta_v2,
    "albert": albert,
    "word_level": word_level,
}


def pair(reference, first, second, **settings):
    found = reference(first, second, return_token_type_ids=True, **settings)
    return [found["input_ids"], found["token_type_ids"]]


def results(reference):
    """The results that the tests compare, for any tokenizer loaded by transformers."""
    ids = [reference(text)["input_ids"] for text in STRINGS]
    fourth = list(zip(ids, STRINGS))[::4]
    texts, plain = ([reference.decode(of, skip_special_tokens=skip) for of, _ in fourth] for skip in (False, True))
    neighbours = [(STRINGS[at], STRINGS[at + 1]) for at in range(0, len(STRINGS), 10)]
    return {
        "ids": ids,
        "texts": [None if text == of else text for text, (_, of) in zip(texts, fourth)],
        "plainTexts": [None if text == of else text for text, (_, of) in zip(plain, fourth)],
        "pairs": [pair(reference, *both) for both in neighbours],
        "cutPairs": [pair(reference, *both, truncation="longest_first", max_length=12) for both in neighbours],
    }


def ranges(holds):
    """The code points for which a predicate holds, as the alternating first and last ones of ranges."""
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    flags = [False] + [holds(chr(code)) for code in codes] + [False]
    firsts = [codes[at] for at in range(len(codes)) if flags[at + 1] and not flags[at]]
    lasts = [codes[at] for at in range(len(codes)) if flags[at + 1] and not flags[at + 2]]
    return [end for both in zip(firsts, lasts) for end in both]


def characters():
    bert = lambda **steps: normalizers.BertNormalizer(
        **{**dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False), **steps})
    clean, chinese, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
    accents, punctuation, digits = normalizers.StripAccents(), pre_tokenizers.Punctuation("removed"), pre_tokenizers.Digits()
    return {
        "punctuation": ranges(lambda c: not punctuation.pre_tokenize_str(c)),
        "marks": ranges(lambda c: accents.normalize_str("a" + c) == "a"),
        "nonspacingMarks": ranges(lambda c: strip.normalize_str("a" + c) == "a"),
        "controls": ranges(lambda c: clean.normalize_str(f"a{c}b") == "ab"),
        "ideographs": ranges(lambda c: chinese.normalize_str(c) != c),
        "numbers": ranges(lambda c: len(digits.pre_tokenize_str("1" + c)) == 1),
    }


def splits():
    texts = ["a--b-c", "--a-", "a b  c ", "-", "é, 12-３x"]
    behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
    metaspace = {"type": "Metaspace", "replacement": "▁", "split": True}
    declared = [
        *({"type": "Split", "pattern": {"String": "-"}, "behavior": each, "invert": invert} for each in behaviors for invert in (False, True)),
        *({"type": "Punctuation", "behavior": each} for each in behaviors),
        *({"type": "Digits", "individual_digits": each} for each in (False, True)),
        {"type": "CharDelimiterSplit", "delimiter": "-"},
        {"type": "FixedLength", "length": 2},
        *({**metaspace, "prepend_scheme": each} for each in ("first", "never", "always")),
        {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {**metaspace, "prepend_scheme": "first", "split": False}]},
    ]
    empty = json.loads(Tokenizer(models.BPE()).to_str())
    parsed = [Tokenizer.from_str(json.dumps({**empty, "pre_tokenizer": each})).pre_tokenizer for each in declared]
    parts = [[[part for part, _ in each.pre_tokenize_str(text)] for text in texts] for each in parsed]
    return {"texts": texts, "cases": [{"preTokenizer": each, "parts": of} for each, of in zip(declared, parts)]}


def write_gzip(path, content):
    path.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def as_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def main():
    HERE.mkdir(exist_ok=True)
    write_json(HERE / "strings.json", STRINGS)
    write_json(HERE / "splits.json", splits())
    write_gzip(HERE / "characters.json.gz", as_json(characters()))
    charsmaps = set()
    for name, make in CASES.items():
        tokenizer, config = make()
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.no_padding()
            tokenizer.save(os.path.join(folder, "tokenizer.json"))
            Path(folder, "tokenizer_config.json").write_text(json.dumps(config))
            reference = AutoTokenizer.from_pretrained(folder, use_fast=True)
            expected = results(reference)
        declared = json.loads(tokenizer.to_str())
        for normalizer in (declared["normalizer"] or {}).get("normalizers", [declared["normalizer"]]):
            if normalizer is not None and normalizer["type"] == "Precompiled":
                charsmaps.add(normalizer["precompiled_charsmap"])
                normalizer["precompiled_charsmap"] = "nmt_nfkc"
        content = {"tokenizer": declared, "config": config, **expected}
        write_gzip(HERE / f"{name}.json.gz", as_json(content))
    (charsmap,) = charsmaps
    write_gzip(HERE / "nmt_nfkc.gz", base64.b64decode(charsmap))
    (HERE / "published").mkdir(exist_ok=True)
    for name, folder in (argument.split("=", 1) for argument in sys.argv[1:]):
        write_gzip(HERE / "published" / f"{name}.json.gz", as_json(results(AutoTokenizer.from_pretrained(folder))))


if __name__ == "__main__":
    main()
