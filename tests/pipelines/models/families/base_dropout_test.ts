/** Where families' own dropout acts: transformers drops by the same rule in goldens/make_base_dropout.py. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as o from "../../../../ops/operators.ts";
import { evaluateShape } from "../../../../ops/program/dimension.ts";
import { input, type Value, weight } from "../../../../ops/program/program.ts";
import type { DropHook, Encoder, WeightSource } from "../../../../pipelines/models/architecture/architecture.ts";
import { runFeeds, runInputs } from "../../../../pipelines/models/architecture/model_inputs.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { evaluate } from "../../../ops/reference.ts";
import { assertClose } from "../../../ops/support.ts";
import { type Tensor, tensor } from "../../../ops/tensor.ts";
import { readFamilyGolden } from "./families_golden.ts";
import golden from "../../../goldens/base_dropout.json" with { type: "json" };

/** The output of an encoder. */
function encodedBy(encoder: Encoder, source: WeightSource, drop: DropHook): Value {
  const run = runInputs(encoder, { name: "context", batch: "batch", seen: "batch" });
  const { hiddenStates } = encoder.forward({ ...run, drop }, source);
  return encoder.finish(hiddenStates.at(-1) as Value, source, undefined, drop);
}

/** Applies a dropout of [batch, tail, width] to rows [batch · tail, width]. */
function rowwise(drop: DropHook): DropHook {
  return (site, x) => {
    const width = x.shape[1]!;
    return o.reshape(drop(site, o.reshape(x, ["batch", "tail", width])), ["batch*tail", width]);
  };
}

for (const [name, { dropouts, logits }] of Object.entries(golden)) {
  Deno.test(`${name} applies dropout where transformers does, at the same rates and in the same order`, async () => {
    const { config, folder, stack, decoder, segments } = await readFamilyGolden(name);
    const architecture = architectureOf(config), { encoder } = architecture, leaves: Record<string, Tensor> = {};
    const [read = []] = stack.tokens, [ids = []] = (decoder ?? stack).tokens;
    const symbols = { batch: 1, tail: ids.length, context: read.length };
    const acted: { readonly shape: readonly number[]; readonly rate: number }[] = [];
    const known = new Map<string, Value>();
    const drop: DropHook = ({ stack, block, place }, x) =>
      known.getOrInsertComputed(`${stack} ${block} ${place}`, () => {
        const rate = (stack === "encoder" ? encoder : architecture)?.dropout?.[place] ?? 0;
        if (rate === 0) return x;
        const call = acted.length, shape = evaluateShape(x.shape, symbols);
        const count = shape.reduce((all, extent) => all * extent, 1);
        acted.push({ shape, rate });
        const kept = (at: number) => (7 * at + 3 * call) % 10 === 0 ? 0 : 1 / (1 - rate);
        leaves[`drop.${call}`] = tensor(shape, Array.from({ length: count }, (_, at) => kept(at)));
        return o.mul(x, input(`drop.${call}`, x.shape));
      });
    const source: WeightSource = (name, shape) => weight(name, shape as readonly number[]);
    const attended = encoder === undefined ? {} : { encoded: { hidden: encodedBy(encoder, source, drop) } };
    const seen = encoder === undefined ? { seen: "batch" } as const : { seen: 1, encoded: "context" } as const;
    const run = runInputs(architecture, { name: "tail", batch: "batch", ...seen });
    const { hiddenStates } = architecture.forward({ ...run, ...attended, drop }, source);
    const last = hiddenStates.at(-1) as Value;
    const { classifier, width } = architecture, classes = logits.length;
    const found = architecture.head === "language"
      ? architecture.logits!(o.reshape(last, ["batch*tail", width]), source, undefined, rowwise(drop))
      : classifier!.scores(o.reshape(o.slice(last, 1, 0, 1), ["batch", width]), source, classes, drop);
    assert.deepEqual(acted, dropouts);

    const { tensors } = await readHeader(join(folder, "model.safetensors"));
    for (const [name, record] of tensors) leaves[name] = tensor(record.shape, [...await readTensor(record)]);
    const types = segments?.[0];
    const feeds = {
      ...encoder && runFeeds("context", encoder, { rows: [{ tokens: read, start: 0 }], length: read.length }),
      ...runFeeds("tail", architecture, {
        rows: [{ tokens: ids, start: 0, ...types === undefined ? {} : { types } }],
        length: ids.length,
        past: { width: 0, filled: [0] },
        encoded: encoder && { width: read.length, filled: [read.length] },
      }),
    };
    for (const [name, { data, shape }] of Object.entries(feeds)) {
      leaves[name] = tensor([...shape], [...data].map(Number));
    }
    const [scores] = evaluate([found], { symbols, leaves });
    // transformers keeps the divisor of DeBERTa's attention scores in float32.
    const tolerance = name.startsWith("deberta") ? 1e-6 : 1e-8;
    assertClose({ shape: [logits.length], data: scores!.data }, tensor([logits.length], logits), tolerance, "logits");
  });
}
