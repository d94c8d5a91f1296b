/** A small model and small prompts for tests of lowering. @module */
import assert from "node:assert/strict";
import { optimizerOf } from "../../../ops/optimizers/mod.ts";
import type { Stepping } from "../../../pipelines/compile/programs/stepping.ts";
import { RequestError } from "../../../pipelines/common/errors.ts";
import type { TokenizedPrompt } from "../../../pipelines/data/examples.ts";
import type { EditedModel } from "../../../pipelines/models/architecture/architecture.ts";

const projection = (module: string, inputs: number) => ({
  module,
  inputs,
  weight: (block: number) => `blocks.${block}.${module}.weight`,
});

const sites: EditedModel["sites"] = {
  "embedding.output": { width: 8 },
  "attention.query": { width: 8, projection: projection("attention.q_proj", 8) },
  "attention.value": { width: 4, projection: projection("attention.v_proj", 8) },
  "attention.head.output": { width: 8, heads: 2 },
  "mlp.output": { width: 8, projection: projection("mlp.down_proj", 16) },
  "block.output": { width: 8 },
};

const words = ["", "one", " two", " three", " four", " five"];

/** One stack of three blocks. */
export const model: EditedModel = {
  family: "small",
  width: 8,
  blocks: 3,
  sites,
  heads: { heads: 2, keyValueHeads: 1, headWidth: 4 },
  decode: (ids) => ids.map((id) => words[id]).join(""),
};

/** An encoder of two blocks and a decoder of three. */
export const encoderDecoder: EditedModel = { ...model, encoder: { width: 8, blocks: 2, sites } };

/** The prompt `one two three four five`, in which the field `last` is ` four five`. */
export const prompt: TokenizedPrompt = {
  prompt: [1, 2, 3, 4, 5],
  source: {
    text: "one two three four five",
    fields: { rows: [2, 0], none: [], word: "x" },
    spans: { last: [[13, 23]], empty: [] },
  },
};

/** A prompt of a given number of tokens. */
export function promptOf(length: number): TokenizedPrompt {
  return { prompt: Array.from({ length }, (_, at) => at), source: { text: "", fields: {}, spans: {} } };
}

/** Asserts that a request is refused with one line that matches. */
export function assertRefused(request: () => unknown, pattern: RegExp): void {
  assert.throws(request, (error) => {
    assert.ok(error instanceof RequestError, String(error));
    assert.match(error.problem, pattern);
    assert.doesNotMatch(error.problem, /\n|\.$/);
    return true;
  });
}

/** The default steps of a training. */
export const usualStepping: Stepping = {
  optimizer: optimizerOf("adamw", { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
  schedule: "constant",
  groups: [],
  clips: false,
  smooths: false,
  dropsBase: false,
};
