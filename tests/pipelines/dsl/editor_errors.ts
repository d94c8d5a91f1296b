/**
 * Type errors that an editor marks. `deno check` fails if an expected error does not occur; the calls are never made.
 *
 * @module
 */
import {
  adamw,
  baseModel,
  block,
  direft,
  evaluate,
  exactMatch,
  greedy,
  jsonl,
  loreft,
  pipeline,
  settings,
  sweep,
  train,
} from "refract";

/** Never called, only type-checked. */
export function wrongNamesAndTypes() {
  const rows = jsonl("./rows.jsonl", { prompt: "{q}", completion: "{a}" });
  const base = baseModel("builtin:tiny"), at = block(1).output, rank = sweep("rank", [1, 2]);
  const edited = base.with(
    loreft({ at, positions: "f1+l1", rank, tied: true }),
    direft({ at, positions: "l1", rank: 1 }),
  );
  const optimizer = adamw({ learningRate: sweep("rate", [1e-3, 1e-2]) });
  const set = settings({
    epochs: { default: 3, least: 1 },
    positions: { default: "l1", oneOf: ["l1", "f1"] },
    on: true,
  });
  const tuned = train(edited, { data: rows, epochs: set.epochs, batchSize: 8, optimizer });
  const listed: "l1" | "f1" = set.positions, flag: boolean = set.on;

  // @ts-expect-error: a site that no model has
  block(1).outptu;
  // @ts-expect-error: a block is a number, a list or "all"
  block("every");
  // @ts-expect-error: a misspelt setting
  loreft({ at, position: "l1", rank });
  // @ts-expect-error: a rank is a number
  loreft({ at, positions: "l1", rank: "4" });
  // @ts-expect-error: an axis of the wrong type
  loreft({ at, positions: "l1", rank: sweep("rank", ["low", "high"]) });
  // @ts-expect-error: a setting of the wrong type
  loreft({ at, positions: "l1", rank: set.positions });
  // @ts-expect-error: a setting that is not declared
  set.epoch;
  // @ts-expect-error: a default that is not a value of a setting
  settings({ blocks: { default: [1, 2] } });
  // @ts-expect-error: the rank is required
  loreft({ at, positions: "l1" });
  // @ts-expect-error: a model is trained, not an edit alone
  train(loreft({ at, positions: "l1", rank }), { data: rows, epochs: 1, batchSize: 8, optimizer });
  // @ts-expect-error: data are rows, not a path
  train(edited, { data: "./rows.jsonl", epochs: 1, batchSize: 8, optimizer });
  // @ts-expect-error: a misspelt setting
  train(edited, { data: rows, epoch: 1, batchSize: 8, optimizer });
  // @ts-expect-error: a metric must be called
  evaluate(tuned, { data: rows, metrics: [exactMatch], decoding: greedy({ maxNewTokens: 4 }) });
  // @ts-expect-error: a pipeline returns stages
  pipeline("wrong", () => ({ tuned: edited }));
  // @ts-expect-error: a template is a text
  jsonl("./rows.jsonl", { prompt: 1, completion: "{a}" });
  return { tuned, listed, flag };
}
