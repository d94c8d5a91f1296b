/**
 * Exported graphs compute the host's inputs from an attention mask, for any rows, padding, past and trained keys.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { GraphWriter } from "../../../../ops/onnx/graph_writer.ts";
import { extentOf } from "../../../../ops/onnx/nodes.ts";
import { exportSymbols } from "../../../../pipelines/compile/programs/export_program.ts";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { NodeWriter } from "../../../../pipelines/interchange/onnx/graph.ts";
import { tokenGrid } from "../../../../pipelines/interchange/onnx/token_grid.ts";
import { inputKinds } from "../../../../pipelines/models/inputs/kinds.ts";
import { type InputModel, inputNodes, runFeeds } from "../../../../pipelines/models/architecture/model_inputs.ts";
import { type IntegerRows, runNodes } from "../../../support/graph_nodes.ts";
import { declaredShapes, drawing, elementsOf, inputNames, modelsWith, upTo } from "./support.ts";

const { batch, tokens: name, past } = exportSymbols;

/** The inputs that a graph computes from a mask [batch][past + tokens], by name. */
function computed(model: InputModel, virtual: number, mask: IntegerRows, tokens: number) {
  const symbols = {
    [batch]: (write: GraphWriter) => extentOf(write, "ids", 0),
    [name]: (write: GraphWriter) => extentOf(write, "ids", 1),
    [past]: (write: GraphWriter) => extentOf(write, "before", 1),
  };
  const ids = mask.map(() => upTo(tokens)), before = mask.map((row) => upTo(row.length - tokens));
  return runNodes(symbols, { ids, before, mask }, (write) => {
    return inputNodes(name, model, write, tokenGrid(write, model.heads, "mask", virtual));
  });
}

for (const kind of inputNames) {
  const { exported } = inputKinds[kind];
  if (!("nodes" in exported)) {
    Deno.test(`an export reports why it does not support a kind of input: ${kind}`, () => {
      const [model] = modelsWith(kind), write = new NodeWriter({ batch: () => "", tail: () => "", past: () => "" });
      const grid = tokenGrid(write, model!.heads, "mask", 0);
      assert.throws(() => inputNodes("tail", model!, write, grid), (error) => {
        assert.ok(error instanceof RequestError);
        assert.equal(
          error.message,
          `the ${model!.family} model ${exported.notExportable}, which the export to ONNX does not support; ` +
            "use another base model",
        );
        return true;
      });
    });
    continue;
  }
  Deno.test(`a graph computes the inputs that the host fills: ${kind}`, async () => {
    const models = modelsWith(kind).filter(({ causal }) => causal);
    assert.ok(models.length > 0, "no causal family has the kind");
    for (const [ordinal, model] of models.entries()) {
      for (const [before, virtual] of [[0, 0], [5, 0], [0, 3], [4, 2]] as const) {
        const draw = drawing(kind, ordinal, before, virtual), tokens = draw(2, 9);
        // Padding anywhere, with at least one token in each row.
        const mask = upTo(3).map(() => upTo(before + tokens).map(() => draw(0, 2) === 0 ? 0 : 1));
        mask.forEach((row) => row[before + draw(0, tokens - 1)] = 1);
        const extents = { name, batch, seen: batch, before: [virtual, past] };
        const found = await computed(model, virtual, mask, tokens), declared = declaredShapes(model, extents);
        assert.deepEqual([...found.keys()], [...declared.keys()]);
        mask.forEach((own, row) => {
          const real = (from: number, to: number) => upTo(to - from, from).filter((at) => own[at] === 1);
          const [seen, read] = [real(0, before), real(before, before + tokens)];
          const start = virtual + seen.length;
          const filled = runFeeds(name, model, {
            rows: [{ tokens: read, start }],
            length: read.length,
            past: { width: start, filled: [start] },
          });
          for (const [input, dimensions] of declared) {
            const ofGraph = elementsOf(
              found.get(input)!,
              dimensions,
              extents,
              model,
              {
                row,
                tokens: read.map((at) => at - before),
                keys: [...upTo(virtual), ...[...seen, ...read].map((at) => virtual + at)],
                length: tokens,
              },
            );
            const ofHost = elementsOf(filled[input]!, dimensions, extents, model, {
              row: 0,
              tokens: upTo(read.length),
              keys: upTo(start + read.length),
              length: read.length,
            });
            assert.equal(ofGraph.length, ofHost.length);
            ofGraph.forEach((each, at) => {
              const difference = Math.abs(each - ofHost[at]!);
              assert.ok(difference <= 1e-6 * Math.max(1, Math.abs(each)), `${input}: ${each} for ${ofHost[at]}`);
            });
          }
        });
      }
    }
  });
}
