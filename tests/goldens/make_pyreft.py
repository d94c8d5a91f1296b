#!/usr/bin/env python3
"""Records how pyreft trains edits of the stories260k model, for tests/integration/parity_test.ts.

    pip install -r ../shared/peer/requirements.txt
    python -B tests/goldens/make_pyreft.py ../shared

pyreft/<edit>-<kind>.safetensors: the initial values of a training, as `pyreft_run.py --dump-init` writes it.
pyreft/losses.json: for each edit and kind its settings, and with each weight decay the losses of all steps, an epoch a
line; and for a training whose gradients are clipped to a norm of MAX_NORM its losses and the norms before clipping. The
trainings start from the file by --init, since it lacks the random completion of pyreft's own initialization.
"""

from reference import number, require, write_json

require(torch="2.15.0", transformers="4.45.1", pyreft="0.1.0", pyvene="0.1.8", numpy="2.3.5")

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

ROWS = 24
BATCH = 4
EPOCHS = 4
KINDS = ["loreft", "noreft", "consreft", "lobireft", "direft", "nodireft"]
WEIGHT_DECAYS = [0.0, 0.01]
MAX_NORM = 1.0
LAYERS = {"one": "3", "all": "all"}
POSITIONS = {
    "l1": {"positions": "l1", "rank": 4, "tied": False},
    "f2+l3-tied": {"positions": "f2+l3", "rank": 4, "tied": True},
    "f2+l3-untied": {"positions": "f2+l3", "rank": 4, "tied": False},
}
EDITS = {
    **{f"{at}-{name}": {"layers": layers, **POSITIONS[at]} for at in POSITIONS for name, layers in LAYERS.items()},
    "f7+l7-all": {"layers": "all", "positions": "f7+l7", "rank": 8, "tied": True},
}


def run(peer, *arguments):
    """The output of pyreft_run.py for some arguments; run in this process, so that torch is imported once."""
    printed = io.StringIO()
    sys.argv = ["pyreft_run.py", *map(str, arguments)]
    with contextlib.redirect_stdout(printed):
        peer.main()
    return json.loads(printed.getvalue().strip().splitlines()[-1])


def write_rows(source, path):
    """The first rows as prompts and completions."""
    with open(source, encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as out:
        for line, _ in zip(lines, range(ROWS)):
            row = json.loads(line)
            print(json.dumps({"prompt": row["instruction"] + "\n", "completion": row["answer"]}), file=out)


def by_epoch(result, name="losses"):
    losses = [number(loss) for loss in result[name]]
    steps = ROWS // BATCH
    return [losses[start : start + steps] for start in range(0, EPOCHS * steps, steps)]


def record(peer, shared, rows, folder, edit, kind):
    settings = EDITS[edit]
    initial = folder / f"{edit}-{kind}.safetensors"
    common = ["--model", shared / "models/stories260k", "--data", rows, "--kind", kind, "--threads", 1]
    common += ["--layers", settings["layers"], "--rank", settings["rank"], "--positions", settings["positions"]]
    common += ["--epochs", EPOCHS, "--batch", BATCH, "--lr", 5e-3, "--warmup", 0.1]
    common += ["--together", *(["--tied"] if settings["tied"] else [])]
    run(peer, *common, "--steps", 1, "--dump-init", initial)
    losses = [by_epoch(run(peer, *common, "--init", initial, "--weight-decay", decay)) for decay in WEIGHT_DECAYS]
    clipped = run(peer, *common, "--init", initial, "--max-grad-norm", MAX_NORM)
    blocks = "all" if settings["layers"] == "all" else [int(layer) for layer in settings["layers"].split(";")]
    trainings = [{"weightDecay": decay, "losses": numbers} for decay, numbers in zip(WEIGHT_DECAYS, losses)]
    return {
        "kind": kind,
        "initial": initial.name,
        "blocks": blocks,
        **{name: settings[name] for name in ("positions", "rank", "tied")},
        "trainings": trainings,
        "clipped": {
            "maxGradNorm": MAX_NORM,
            "losses": by_epoch(clipped),
            "gradientNorms": by_epoch(clipped, "grad_norms"),
        },
    }


def main(shared):
    sys.path.insert(0, str(shared / "peer"))
    import pyreft_run as peer

    folder = Path(__file__).with_name("pyreft")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "rows.jsonl"
        write_rows(shared / "data/multiarith.test.jsonl", rows)
        goldens = [record(peer, shared, rows, folder, edit, kind) for edit in EDITS for kind in KINDS]
    write_json(folder / "losses.json", goldens)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve())
