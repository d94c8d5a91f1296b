/** Makes a pipeline from the values of a page's fields. @module */
import { RequestError } from "../../common/errors.ts";
import { records } from "../../dsl/data.ts";
import { baseModel, type Model } from "../../dsl/model.ts";
import { pipeline, train } from "../../dsl/stages.ts";
import type { Rows } from "../../dsl/rows.ts";
import type { Pipeline } from "../../spec/mod.ts";
import { modelSource } from "../models/source.ts";
import type { Choices, ChosenRows } from "./protocol.ts";
import { rowsIn } from "./row_file.ts";
import type { SiteEdit, SiteTrained } from "./trained.ts";

/** The rows that were chosen on a page. */
async function rowsOf({ file, records: own = [], prompt, completion }: ChosenRows): Promise<Rows> {
  const templates = { prompt, completion };
  if (file !== undefined) return await rowsIn(file, templates);
  if (own.length === 0) throw new RequestError("there are no rows; drop a file, or type some");
  return records(own, templates);
}

/** The blocks that a text names: one, several separated by commas, or all. */
function blocksOf(text: string): number | readonly number[] | "all" {
  if (text.trim() === "all") return "all";
  const numbers = text.split(",").map((each) => each.trim() === "" ? NaN : Number(each)), [only] = numbers;
  if (only === undefined || !numbers.every((each) => Number.isSafeInteger(each) && each >= 0)) {
    throw new RequestError(
      `the layer ${JSON.stringify(text)} is not a number; write one as in 15, several as in 10,15, or all`,
    );
  }
  return numbers.length === 1 ? only : numbers;
}

/** The first edit on a page: its pipeline's, with the place and rank from the fields. */
function chosenEdit(edit: SiteEdit, { layer, rank, positions }: Choices): SiteEdit {
  const at = edit.at.blocks === undefined ? edit.at : { ...edit.at, blocks: blocksOf(layer) };
  return { ...edit, at, positions, ...edit.rank === undefined ? {} : { rank } };
}

/** The base model that a page names, run as its pipeline's. */
export async function chosenBase({ base }: SiteTrained, named: string, signal: AbortSignal): Promise<Model> {
  const source = await modelSource(named, signal), { revision, dtype, quantize } = base;
  return baseModel(source, {
    ...revision === undefined || named.trim() !== base.source ? {} : { revision },
    ...dtype === undefined ? {} : { dtype },
    ...quantize === undefined ? {} : { quantize },
  });
}

/**
 * The pipeline.
 *
 * @throws {RequestError} If the fields describe something that cannot be trained.
 */
export async function pipelineOf(trained: SiteTrained, choices: Choices, signal: AbortSignal): Promise<Pipeline> {
  const base = await chosenBase(trained, choices.base, signal), data = await rowsOf(choices.rows);
  const edits = trained.edits.map((edit, at) => at === 0 ? chosenEdit(edit, choices) : edit), { training } = trained;
  const { epochs, batchSize, learningRate, seed } = choices, optimizer = { ...training.optimizer, learningRate };
  return pipeline("web", () => ({
    tuned: train(base.with(...edits), { ...training, optimizer, data, epochs, batchSize, seed }),
  }));
}
