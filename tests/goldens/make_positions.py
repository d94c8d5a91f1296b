#!/usr/bin/env python3
"""Records which tokens of short prompts pyreft edits, for tests/pipelines/compile/lower/short_prompts_test.ts.

    pip install -r ../shared/peer/requirements.txt
    python -B tests/goldens/make_positions.py

positions.json: prompts' lengths, and for each of them the tokens that some positions edit: the prefix's and the suffix's,
or one list where pyreft has one for both. The pad token that replaces missing ones is at -1 and is omitted, since no
other token sees it.
"""

from reference import require, write_json

require(torch="2.15.0", transformers="4.45.1", pyreft="0.1.0", pyvene="0.1.8", numpy="2.3.5")

from pathlib import Path

from pyreft.dataset import get_intervention_locations

POSITIONS = ["f1", "f7", "l1", "l4", "f1+l1", "f3+l2", "f2+l5", "f1+l9", "f7+l7"]
LENGTHS = [1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 14, 15]


def edited(positions, length, tied):
    both = get_intervention_locations(last_position=length, positions=positions, num_interventions=2, share_weights=tied)
    first, second = ([token for token in tokens if token >= 0] for tokens in both)
    has_sides = "+" in positions and not tied
    assert has_sides or first == second
    return [first, second] if has_sides else [first]


def main():
    cases = [(positions, tied) for positions in POSITIONS for tied in (False, True)]
    goldens = [
        {"positions": positions, "tied": tied, "edited": [edited(positions, length, tied) for length in LENGTHS]}
        for positions, tied in cases
    ]
    write_json(Path(__file__).with_name("positions.json"), {"lengths": LENGTHS, "cases": goldens})


main()
