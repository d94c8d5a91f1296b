#!/usr/bin/env python3
"""Makes files of rows, and records how Python reads them, for the tests of pipelines/data/files.

    pip install datasets==5.0.1 pyarrow==26.0.1
    python -B tests/goldens/make_rows.py

parquet/<name>.parquet   small files: plain, every codec, and one that Python's datasets wrote with class labels
parquet/expected.json    by file and row, each column's value as `str` prints it; null where Refract has no text
csv.json                 texts and the rows that Python's csv reads from them
hub_layouts.json         lists of files and cards of data sets' repositories, and the files of each split that Python's
                         datasets finds in them
"""

from reference import require

require(datasets="5.0.1", pyarrow="26.0.1")

import csv
import datetime
import decimal
import io
import json
import tempfile
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from datasets.data_files import DataFilesDict, get_data_patterns, sanitize_patterns
from datasets.utils.metadata import MetadataConfigs

GOLDENS = Path(__file__).parent
PARQUET = GOLDENS / "parquet"

TEXTLESS = ["image", "when", "day", "price", "bytes"]


def typed_table():
    choices = pa.struct([("text", pa.list_(pa.string())), ("label", pa.list_(pa.string()))])
    return pa.table({
        "question": ["What is wet?", "Où ?\n\"quoted\"", ""],
        "number": pa.array([1, 2**53 + 1, -(2**62)], pa.int64()),
        "small": pa.array([1, None, -7], pa.int32()),
        "unsigned": pa.array([2**64 - 1, 0, 5], pa.uint64()),
        "unsigned32": pa.array([2**32 - 1, 0, 5], pa.uint32()),
        "yes": [True, False, None],
        "half": pa.array([5.0, 0.1, 1e-7], pa.float32()),
        "float": [5.0, 0.1, 1e22],
        "floats": [[1.0, 2.5], [], None],
        "none": pa.array([float("nan"), float("inf"), 2.0]),
        "choices": pa.array([
            {"text": ["water", "sand"], "label": ["A", "B"]},
            {"text": [], "label": []},
            {"text": ["it's", None], "label": ["1", "2"]},
        ], choices),
        "turns": pa.array([
            [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}], [], [{"role": "user", "content": None}],
        ], pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        "lists": pa.array([[[1, 2], [3]], [[]], None], pa.list_(pa.list_(pa.int64()))),
        "image": pa.array([{"bytes": b"\x89PNG", "path": "a.png"}] * 3),
        "when": pa.array([datetime.datetime(2024, 1, 2)] * 3, pa.timestamp("us")),
        "day": pa.array([datetime.date(2024, 1, 2)] * 3),
        "price": pa.array([decimal.Decimal("1.50")] * 3, pa.decimal128(9, 2)),
        "bytes": pa.array([b"\xff"] * 3),
    })


def write_parquet():
    PARQUET.mkdir(exist_ok=True)
    pq.write_table(pa.table({"question": ["Hi"], "answer": ["Ho"]}), PARQUET / "plain.parquet", compression="none")
    table = typed_table()
    for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
        pq.write_table(table, PARQUET / f"{codec}.parquet", compression=codec, row_group_size=2)
    pq.write_table(table, PARQUET / "pages.parquet", data_page_version="2.0", use_dictionary=False)
    features = datasets.Features({
        "sentence": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["unacceptable", "acceptable"]),
    })
    rows = {"sentence": ["They drank.", "They drank the pub dry of."], "label": [1, 0]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(PARQUET / "classes.parquet")
    expected = {}
    for path in sorted(PARQUET.glob("*.parquet")):
        rows = datasets.Dataset.from_parquet(str(path), cache_dir=tempfile.mkdtemp())
        expected[path.stem] = [
            {name: None if name in TEXTLESS else str(value) for name, value in row.items()} for row in rows
        ]
    write_json(PARQUET / "expected.json", expected)


CSV = [
    "a,b\n1,2\n",
    "\ufeffa,b\r\n1,\"x\r\ny \"\"q\"\" z\"\r\n\r\n3,\r\n",
    "a,b\n\"1,2\",\" spaced \"\n\"\",\"é, ü\"",
    "a\n\"one\n\ntwo\"\n\"three\"\n",
    "size,what\n5\" pipe,x\n1,2\"\n a \"b, c\"\"d\r\n \"1\",\"2\"\"\"\n",
]


def write_csv():
    cases = []
    for text in CSV:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
        cases.append({"text": text, "rows": rows})
    write_json(GOLDENS / "csv.json", cases)


SHARDS = [f"data/{split}-{n:05}-of-00002.parquet" for split in ["train", "test"] for n in range(2)]
LAYOUTS = {
    "shards": (SHARDS + ["README.md", ".gitattributes"], None),
    "files": (["train.csv", "test.csv", "README.md"], None),
    "words": (["my_training-1.jsonl", "val.jsonl", "evaluation_set.jsonl", "contrains.jsonl"], None),
    "folders": (["train/a.jsonl", "train/b.jsonl", "dev/a.jsonl", "test/x/a.jsonl"], None),
    "named folders": (["out-train/a.csv", "out-test/a.csv"], None),
    "one": (["rows.jsonl.gz", "README.md"], None),
    "hidden": ([".cache/train.csv", "__pycache__/train.csv", "train.csv"], None),
    "configs": (
        ["main/train-00000-of-00001.parquet", "main/test-00000-of-00001.parquet", "socratic/train-00000-of-00001.parquet"],
        [
            {"config_name": "main", "data_files": [
                {"split": "train", "path": "main/train-*"}, {"split": "test", "path": "main/test-*"},
            ]},
            {"config_name": "socratic", "data_files": [{"split": "train", "path": "socratic/train-*"}]},
        ],
    ),
    "path lists": (
        ["a.csv", "b.csv", "c/d.csv"],
        [{"config_name": "default", "data_files": [{"split": "train", "path": ["a.csv", "c/*.csv"]},
                                                  {"split": "extra", "path": "b.csv"}]}],
    ),
    "plain paths": (["a.csv", "b.csv"], [{"config_name": "default", "data_files": "a.csv"}]),
    "data_dir": (
        ["one/train.csv", "one/test.csv", "two/train.csv"],
        [{"config_name": "one", "data_dir": "one"}, {"config_name": "two", "data_dir": "two"}],
    ),
    "any folder": (
        ["x/y/train.jsonl", "z.jsonl"],
        [{"config_name": "default", "data_files": [{"split": "train", "path": "**/*.jsonl"}]}],
    ),
}


def splits_of(folder, config):
    base = folder / config["data_dir"] if config and "data_dir" in config else folder
    patterns = sanitize_patterns(config["data_files"]) if config and "data_files" in config else get_data_patterns(str(base))
    extensions = [".csv", ".jsonl", ".parquet", ".json", ".tsv"]
    found = DataFilesDict.from_patterns(patterns, base_path=str(base), allowed_extensions=extensions)
    return {str(split): sorted(str(Path(path).relative_to(folder)) for path in files) for split, files in found.items()}


def write_layouts():
    cases = {}
    for name, (paths, configs) in LAYOUTS.items():
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder).resolve()
            for path in paths:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text("")
            every = MetadataConfigs({config["config_name"]: config for config in configs}) if configs else {"default": None}
            found = {config: splits_of(folder, every[config]) for config in every}
        cases[name] = {"paths": paths, "configs": configs, "splits": found}
    write_json(GOLDENS / "hub_layouts.json", cases)


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    write_parquet()
    write_csv()
    write_layouts()
