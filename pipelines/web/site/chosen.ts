/** A pipeline of what a page's fields say. @module */
import { RequestError } from "../../common/errors.ts";
import { csv, json, jsonl, records, tsv } from "../../dsl/data.ts";
import { baseModel } from "../../dsl/model.ts";
import { pipeline, train } from "../../dsl/stages.ts";
import type { Rows } from "../../dsl/rows.ts";
import type { Pipeline } from "../../spec/mod.ts";
import { modelSource } from "../models/source.ts";
import type { Choices, ChosenRows } from "./protocol.ts";
import type { SiteEdit, SiteTrained } from "./trained.ts";

/** What reads a file of rows, by how its name ends. */
const readers: ReadonlyMap<string, typeof jsonl | typeof csv> = new Map<string, typeof jsonl | typeof csv>([
  ["jsonl", jsonl],
  ["ndjson", jsonl],
  ["json", json],
  ["csv", csv],
  ["tsv", tsv],
]);

/** The rows that a page has chosen. */
function rowsOf({ file, records: own = [], prompt, completion }: ChosenRows): Rows {
  const templates = { prompt, completion };
  if (file === undefined) {
    if (own.length === 0) throw new RequestError("there are no rows; drop a file, or type some");
    return records(own, templates);
  }
  const read = readers.get(file.slice(file.lastIndexOf(".") + 1).toLowerCase());
  if (read === undefined) {
    throw new RequestError(
      `${file.slice(file.lastIndexOf("/") + 1)} is no file of rows; drop one of JSONL, CSV, TSV or JSON`,
    );
  }
  return read(file, templates);
}

/** The blocks that a text names: one, several with commas, or all. */
function blocksOf(text: string): number | readonly number[] | "all" {
  if (text.trim() === "all") return "all";
  const numbers = text.split(",").map((each) => each.trim() === "" ? NaN : Number(each)), [only] = numbers;
  if (only === undefined || !numbers.every((each) => Number.isSafeInteger(each) && each >= 0)) {
    throw new RequestError(
      `the layer ${JSON.stringify(text)} is no number; write one as in 15, several as in 10,15, or all`,
    );
  }
  return numbers.length === 1 ? only : numbers;
}

/** An edit of a page: its pipeline's, at the place and of the rank that the fields say. */
function chosenEdit(edit: SiteEdit, { layer, rank, positions }: Choices): SiteEdit {
  const at = edit.at.blocks === undefined ? edit.at : { ...edit.at, blocks: blocksOf(layer) };
  return { ...edit, at, positions, ...edit.rank === undefined ? {} : { rank } };
}

/**
 * The pipeline.
 *
 * @throws {RequestError} If the fields say what can't be trained.
 */
export async function pipelineOf(trained: SiteTrained, choices: Choices, signal: AbortSignal): Promise<Pipeline> {
  const source = await modelSource(choices.base, signal), data = rowsOf(choices.rows), { training } = trained;
  const edits = trained.edits.map((edit) => chosenEdit(edit, choices));
  const { epochs, batchSize, learningRate, seed } = choices, optimizer = { ...training.optimizer, learningRate };
  return pipeline("web", () => ({
    tuned: train(baseModel(source).with(...edits), { ...training, optimizer, data, epochs, batchSize, seed }),
  }));
}
