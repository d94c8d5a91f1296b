#!/usr/bin/env python3
"""Records AlpacaEval's length-controlled win rates of drawn comparisons, for tests/pipelines/tasks/alpaca_eval_test.ts.

    pip install alpaca_eval==0.6.6 scikit-learn==1.9.1 "setuptools<80"
    python -B tests/goldens/make_length_controlled.py

length_controlled.json: cases of the three models, with edge cases: all won, all lost, draws written as 0, missing
preferences, and near ties between penalties, which depend on where liblinear stops. Gamed comparisons are [preference,
index, length difference], and their difficulty is the instruction's.
"""

from reference import require, write_json

require(**{"alpaca_eval": "0.6.6", "scikit-learn": "1.9.1"})

import logging
import tempfile
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from alpaca_eval.metrics import glm_winrate

MODELS = ["length_controlled_v1", "length_controlled_noreg", "length_controlled_minimal"]
COLUMNS = ["preference", "index", "std_delta_len", "instruction_difficulty", "not_gamed_baseline", "model"]


def drawn(random, count, form):
    """Comparisons of one model: preferences, lengths, difficulties and gamed comparisons."""
    difficulty = random.normal(0, 1.2, count).round(3)
    gamed = [
        [round(float(random.beta(0.3, 0.5)), 3), at, round(float(random.normal(side, 1)), 3)]
        for side in (-1, 1)
        for at in range(count)
    ]
    lengths = random.integers(20, 3000, (2, count))
    score = random.normal() + random.normal() * np.tanh((lengths[1] - lengths[0]) / 1200) + difficulty / 2
    chance = 1 / (1 + np.exp(-score))
    preference = {
        "weighted": 1 + np.clip(chance + random.normal(0, 0.2, count), 0, 1).round(3),
        "discrete": 1.0 + (random.random(count) < chance),
        "mixed": np.choose(random.integers(0, 4, count), [0.0, 1.5, np.nan, 1.75]),
        "won": np.full(count, 2.0),
        "lost": np.full(count, 1.0),
    }[form]
    return preference, lengths, difficulty, gamed


def rate(model, preference, lengths, difficulty, gamed, folder):
    rows = [[p, at, delta, difficulty[at], False, "gamed"] for p, at, delta in gamed]
    path = Path(folder) / "df_gamed.csv"
    pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
    annotations = pd.DataFrame(
        {
            "index": range(len(preference)),
            "preference": preference,
            "output_1": ["x" * length for length in lengths[0]],
            "output_2": ["y" * length for length in lengths[1]],
            "generator_1": "baseline",
            "generator_2": "model",
            "annotator": "judge",
        }
    )
    with mock.patch.object(glm_winrate, "hf_hub_download", lambda **_: path):
        found = glm_winrate.get_length_controlled_winrate(annotations, glm_name=model, save_weights_dir=None)
    return {name: round(float(found[name]), 10) for name in ("length_controlled_winrate", "lc_standard_error")}


def main():
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    random, cases = np.random.default_rng(7), []
    with tempfile.TemporaryDirectory() as folder:
        for count, form in [(11, "mixed"), (40, "weighted"), (50, "discrete"), (10, "won"), (10, "lost")]:
            preference, lengths, difficulty, gamed = drawn(random, count, form)
            cases.append(
                {
                    "preference": [None if np.isnan(each) else float(each) for each in preference],
                    "length_1": lengths[0].tolist(),
                    "length_2": lengths[1].tolist(),
                    "difficulty": difficulty.tolist(),
                    "gamed": gamed,
                    "rates": {model: rate(model, preference, lengths, difficulty, gamed, folder) for model in MODELS},
                }
            )
    write_json(Path(__file__).with_name("length_controlled.json"), {"cases": cases})


if __name__ == "__main__":
    main()
