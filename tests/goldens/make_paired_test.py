#!/usr/bin/env python3
"""Records SciPy's and NumPy's statistics of paired values, for tests/pipelines/report/paired_test_test.ts.

    pip install scipy==1.16.3 numpy==2.3.5
    python -B tests/goldens/make_paired_test.py

paired_test.json: differences with the two-sided p-value of scipy.stats.permutation_test over the signs, exact for few
differences and from a million random permutations otherwise; counts of rows that only one model has right with
scipy.stats.binomtest (McNemar's exact test); and values by repetition and row with the standard error of their mean in the
two-way random effects model.
"""

from reference import require, write_json

require(scipy="1.16.3", numpy="2.3.5")

import numpy as np
from scipy import stats


def sign_flip(differences):
    found = stats.permutation_test(
        (np.array(differences, dtype=float),),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        n_resamples=1_000_000,
        vectorized=True,
        batch=10_000,
        rng=np.random.default_rng(1),
    )
    return {"differences": differences, "p": float(found.pvalue), "isExact": len(differences) <= 16}


def mcnemar(first, second, both):
    differences = [1] * first + [-1] * second + [0] * both
    return {"differences": differences, "p": float(stats.binomtest(first, first + second).pvalue)}


def two_way(values):
    values = np.array(values, dtype=float)
    k, n = values.shape
    grand, rows, seeds = values.mean(), values.mean(0), values.mean(1)
    residual = values - rows[None, :] - seeds[:, None] + grand
    square_rows = k * ((rows - grand) ** 2).sum() / (n - 1)
    square_seeds = n * ((seeds - grand) ** 2).sum() / (k - 1)
    square_residual = (residual**2).sum() / ((k - 1) * (n - 1))
    variance = square_rows / (n * k) + max(0, square_seeds - square_residual) / (n * k)
    return {"values": values.tolist(), "mean": float(grand), "standardError": float(np.sqrt(variance))}


rng = np.random.default_rng(7)


def rounded(values):
    return [round(float(value), 4) for value in values]


write_json(
    "paired_test.json",
    {
        "signFlips": [
            sign_flip(rounded(rng.normal(0.4, 1, size=7))),
            sign_flip(rounded(rng.normal(0.2, 1, size=13))),
            sign_flip(rounded(rng.normal(0.7, 1, size=16))),
            sign_flip([0.5, -0.5, 1, 1, 0.5, 0, -1, 0.5, 1]),
            sign_flip(rounded(rng.normal(0.3, 1, size=60))),
            sign_flip(rounded(rng.normal(0.05, 1, size=800))),
        ],
        "mcNemar": [mcnemar(5, 1, 10), mcnemar(40, 22, 100), mcnemar(3, 3, 1), mcnemar(12, 0, 0)],
        "twoWay": [
            two_way([rounded(rng.normal(size=9) + shift) for shift in (0, 0.8, -0.4)]),
            two_way([[1, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 1, 0]]),
            two_way([[0, 1, 1, 0, 1, 1], [0, 0, 0, 0, 1, 0]]),
        ],
    },
)
