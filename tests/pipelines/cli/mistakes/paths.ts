/** Paths that do not exist. @module */
import { editing, type Mistake, reading } from "./scene.ts";

/** Paths that lead nowhere. */
export const paths: readonly Mistake<string>[] = [
  [
    "a misspelt file",
    reading("./row.jsonl"),
    'pipeline.ts:8:16: "./row.jsonl" is not a file in .; did you mean "rows.jsonl"',
  ],
  [
    "another extension",
    reading("./rows.json"),
    'pipeline.ts:8:16: "./rows.json" is not a file in .; did you mean "rows.jsonl"',
  ],
  [
    "a home folder",
    reading("~/rows.jsonl"),
    'pipeline.ts:8:16: "~/rows.jsonl" begins with ~, which is not expanded; write the absolute path',
  ],
  [
    "a URL",
    reading("https://example.com/rows.jsonl"),
    'pipeline.ts:8:16: "https://example.com/rows.jsonl" is a URL; download it and write the path of the file',
  ],
  [
    "a file URL",
    reading("file:///data/rows.jsonl"),
    'pipeline.ts:8:16: "file:///data/rows.jsonl" is a URL; write only the path, as in "/data/rows.jsonl"',
  ],
  [
    "a hub id",
    reading("tatsu-lab/alpaca"),
    'pipeline.ts:8:16: "tatsu-lab/alpaca" is not the path of a file; if it is a Hugging Face data set, write hub("tatsu-lab/alpaca")',
  ],
  [
    "a pattern that nothing matches",
    reading("./*.jsonl.gz"),
    'pipeline.ts:8:16: no file matches "./*.jsonl.gz" in .; correct it, or give the path of a file',
  ],
  [
    "a folder",
    reading("./model"),
    'pipeline.ts:8:16: "./model" is a folder; give the path of a file (in it: "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")',
  ],
  [
    "a device",
    reading("/dev/null"),
    "/dev/null: is a pipe or a device, not a regular file; write its content to a file",
  ],
  [
    "a shell variable",
    reading("$HOME/rows.jsonl"),
    'pipeline.ts:8:16: "$HOME/rows.jsonl" leads to no folder "$HOME" in .; relative paths are resolved from .',
  ],
  [
    "another user's home folder",
    reading("~ann/rows.jsonl"),
    'pipeline.ts:8:16: "~ann/rows.jsonl" begins with ~, which is not expanded; write the absolute path',
  ],
  [
    "a URL of a bucket",
    reading("s3://bucket/rows.jsonl"),
    'pipeline.ts:8:16: "s3://bucket/rows.jsonl" is a URL; download it and write the path of the file',
  ],
  [
    "no path",
    reading(""),
    'pipeline.ts:8:16: the first argument of jsonl is ""; give a path, as in jsonl("./rows.jsonl", { prompt: "{question}\\n", completion: "{answer}" })',
  ],
  [
    "backslashes",
    reading("data\\rows.jsonl"),
    'pipeline.ts:8:16: "data\\\\rows.jsonl" has no / between folders; write "data/rows.jsonl"',
  ],
  [
    "a missing folder",
    reading("./mdoel/rows.jsonl"),
    'pipeline.ts:8:16: "./mdoel/rows.jsonl" leads to no folder "mdoel" in .; did you mean "model"',
  ],
  [
    "a path through a file",
    reading("./rows.jsonl/x"),
    'pipeline.ts:8:16: "./rows.jsonl/x" continues after "rows.jsonl", which is a file; give the path of a file',
  ],
  [
    "a misspelt model",
    { base: 'baseModel("./mdoel")' },
    'pipeline.ts:10:16: the model "./mdoel" is not a folder in .; did you mean "model"',
  ],
  [
    "a file of a model",
    { base: 'baseModel("./model/config.json")' },
    'pipeline.ts:10:16: the model "./model/config.json" is a file; give a folder, as in "./model"',
  ],
  [
    "a model's URL",
    { base: 'baseModel("https://huggingface.co/owner/name")' },
    'pipeline.ts:10:16: the model "https://huggingface.co/owner/name" is a URL; write only the id, as in "owner/name" (or builtin:NAME, or an id of Hugging Face, owner/name)',
  ],
  [
    "a model in a home folder",
    { base: 'baseModel("~/model")' },
    'pipeline.ts:10:16: the model "~/model" begins with ~, which is not expanded; write the absolute path (or builtin:NAME, or an id of Hugging Face, owner/name)',
  ],
  [
    "a missing GGUF file",
    { base: 'baseModel("./model.gguf")' },
    'pipeline.ts:10:16: the model "model.gguf" is not a file in .; did you mean "model"',
  ],
  [
    "a missing initial file",
    editing('initial: "./weights.safetensors"'),
    'pipeline.ts:11:16: "./weights.safetensors" is not a file in .; relative paths are resolved from .',
  ],
  [
    "a saved run",
    { edit: 'saved("./run")' },
    'pipeline.ts:11:16: "./run" is a run folder; give the folder of its intervention, "./run/members/main/intervention"',
  ],
  [
    "a saved run with several members",
    { edit: 'saved("./sweep")' },
    'pipeline.ts:11:16: "./sweep" is a run folder with 2 interventions; give one of them: "./sweep/members/rank=1/intervention", "./sweep/members/rank=2/intervention"',
  ],
  [
    "a folder without an intervention",
    { edit: 'saved("./model")' },
    'pipeline.ts:11:16: "./model" has no intervention.json; give the folder of a trained or imported intervention',
  ],
];
