/** The program that decodes one token per row: its results, and the form of its products. */
import assert from "node:assert/strict";
import { valuesOf } from "../../../../ops/program/program.ts";
import { isOp } from "../../../../ops/table/mod.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { decodeProgram, extendProgram, ownJoined } from "../../../../pipelines/compile/programs/inference_programs.ts";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import type { Resolved, TrainableSpec } from "../../../../pipelines/spec/mod.ts";
import { block, decoder, loreft, type SiteSpec } from "refract";
import { interpret } from "../../../ops/reference.ts";
import { assertClose, drawLeaves } from "../../../ops/support.ts";
import { type Tensor, tensor } from "../../../ops/tensor.ts";
import { tinyT5Config } from "../../../support/tiny_t5.ts";

const extents = { vocab_size: 11, hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 4 };
const llama = { model_type: "llama", ...extents, num_key_value_heads: 2, intermediate_size: 6 };
const sliding = { ...llama, model_type: "mistral", sliding_window: 2 };
const bloom = { model_type: "bloom", vocab_size: 11, hidden_size: 8, n_layer: 2, n_head: 4 };

const models: Record<string, readonly [config: Record<string, unknown>, at: SiteSpec]> = {
  "grouped heads with rotary positions": [llama, block(1).output],
  "a sliding window": [sliding, block(1).attention.query],
  "linear biases of attention scores": [bloom, block(0).mlp.output],
  "a decoder after an encoder": [tinyT5Config, decoder.block(1).output],
};

/** Tensors [2, heads, …] side by side along their heads. */
function sideBySide(tensors: readonly Tensor[]): Tensor {
  const [{ shape: [rows, heads, ...rest] }] = tensors as readonly [Tensor];
  const data = Array.from({ length: rows! }, (_, row) => {
    return tensors.flatMap(({ data }) => [...data.slice(row * data.length / rows!, (row + 1) * data.length / rows!)]);
  }).flat();
  return tensor([rows!, heads! * tensors.length, ...rest], data);
}

for (const [name, [config, at]] of Object.entries(models)) {
  const architecture = architectureOf(new ConfigReader("config.json", config));
  const edit = loreft({ at, positions: "completion", rank: 2 }) as Resolved<TrainableSpec>;
  const members = [lowerAdaptations([edit], architecture)];
  const model = { architecture, storedType: () => "float32" as const, members, full: false };

  Deno.test(`decoding a token equals reading it after its past: ${name}`, () => {
    const extend = extendProgram(model, true), symbols = { batch: 2, tail: 1, past: 3, context: 3, labelled: 2 };
    const environment = drawLeaves(Object.values(extend.outputs), symbols, {
      "labelled.indices": (_, offset) => offset,
      "tail.tokens": (_, offset) => offset + 3,
      "tail.distanceBuckets": (_, offset) => offset,
    });
    const expected = interpret(extend, environment);
    const { logits, ...own } = expected, joined = { logits: logits!, [ownJoined]: sideBySide(Object.values(own)) };
    for (const [program, results] of [[decodeProgram(model), joined], [extendProgram(model), expected]] as const) {
      const found = interpret(program, environment);
      assert.deepEqual(Object.keys(found), Object.keys(results));
      for (const [result, tensor] of Object.entries(results)) assertClose(found[result]!, tensor, 1e-9, result);
    }
  });

  Deno.test(`decoding a token multiplies keys and values by one row at a time: ${name}`, () => {
    const products = valuesOf(decodeProgram(model)).filter((value) => isOp(value, "matmul"));
    const ofKeyValues = products.filter(({ inputs: [, columns] }) => columns!.shape.length > 2);
    assert.ok(ofKeyValues.length > 0);
    for (const { inputs: [rows] } of ofKeyValues) assert.equal(rows!.shape.at(-2), 1);
  });
}
