#!/usr/bin/env python3
"""Records the scores of sacrebleu, rouge-score and SQuAD's script, for tests/pipelines/metrics/answer_metrics_test.ts.

    pip install sacrebleu==2.6.0 rouge-score==0.1.2 transformers==4.45.1
    python -B tests/goldens/make_answer_metrics.py

answer_metrics.json: answers with their reference texts, BLEU of all of them and of some (0 to 100, default settings),
and each answer's best ROUGE F1 (without stemming) and F1 of words over its references (version 2.0 of SQuAD's script,
of which transformers has a copy). The texts were written for this project.
"""

from reference import require, write_json

require(sacrebleu="2.6.0", transformers="4.45.1", **{"rouge-score": "0.1.2"})

from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU
from transformers.data.metrics.squad_metrics import compute_f1

VARIANTS = ["rouge1", "rouge2", "rougeL"]

CASES = [
    ("The cat sat on the mat.", ["The cat sat on the mat."]),
    ("the cat is on a mat", ["There is a cat on the mat.", "A cat sat upon the mat, quietly."]),
    ("", ["Nothing was said."]),
    ("The", ["a", "An apple"]),
    ("Prices rose by 3.5%, to $1,000.", ["Prices rose 3.5% to $1,000.00 in May.", "Prices: up 3.5%"]),
    ("state-of-the-art models; 10-20 of them", ["State of the art models (10-20).", "10 - 20 state-of-the-art models"]),
    ("He said: \"don't\" &amp; left", ["He said \"don't\" & left.", "He said 'do not' and left"]),
    ("&lt;b&gt;bold&quot; <skipped>text", ["<b>bold\" text", "bold text"]),
    ("a line\nand another-\none", ["a line and anotherone", "a line and another one"]),
    ("Ärger über Öl in Köln", ["Ärger über das Öl in Köln", "Aerger ueber Oel"]),
    ("été à Paris a été chaud", ["L'été à Paris était chaud", "a hot summer in Paris"]),
    ("東京は日本の首都です。", ["東京は日本の首都です。", "日本の首都は東京だ。"]),
    ("one two three four five six", ["six five four three two one", "one three five two four six"]),
    ("word word word word", ["word", "word word"]),
    ("x", ["x y z w v u", "x"]),
    ("1,2,3 .5 5. a.b 7-Eleven", ["1, 2, 3 0.5 5 a b seven-eleven", "1,2,3 .5 5. a.b 7-Eleven"]),
    ("no\u00a0break\u2003space\u0085here", ["no break space here", "no break"]),
    ("The quick brown fox jumps over the lazy dog", ["A quick brown fox jumped over a lazy dog", "The fox was quick"]),
    ("It costs €5 (five euros)!", ["It costs 5 euros.", "It costs €5!"]),
    ("𝔘𝔫𝔦𝔠𝔬𝔡𝔢 letters 😀 and signs", ["Unicode letters and signs 😀", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 letters"]),
]


def bleu(cases):
    """Corpus BLEU; sacrebleu takes the n-th references of all rows as a list, None where a row has fewer."""
    most = max(len(references) for _, references in cases)
    streams = [[each[at] if at < len(each) else None for _, each in cases] for at in range(most)]
    return BLEU().corpus_score([answer for answer, _ in cases], streams).score


def main():
    scorer = RougeScorer(VARIANTS, use_stemmer=False)
    rows = []
    for answer, references in CASES:
        best = scorer.score_multi(references, answer)
        rows.append(
            {
                "answer": answer,
                "references": references,
                "tokenF1": max(compute_f1(reference, answer) for reference in references),
                "bleu": bleu([(answer, references)]),
                **{variant: best[variant].fmeasure for variant in VARIANTS},
            }
        )
    firsts = [(answer, references[:1]) for answer, references in CASES]
    parts = {"all": bleu(CASES), "first": bleu(firsts), "firstHalf": bleu(CASES[: len(CASES) // 2])}
    write_json(Path(__file__).with_name("answer_metrics.json"), {"rows": rows, "bleu": parts})


main()
