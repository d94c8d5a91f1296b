import assert from "node:assert/strict";
import { attention, type AttentionScaling, byHead, type HeadLayout } from "../../../ops/nn/attention.ts";
import { type Dimension, multiplyDimensions } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Value } from "../../../ops/program/program.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { type Environment, interpret } from "../reference.ts";
import { assertClose, assertGradients, drawLeaves, emitFor, runOn, weighted } from "../support.ts";
import { at, build, sum, type Tensor } from "../tensor.ts";

const layouts: HeadLayout[] = [
  { heads: 1, keyValueHeads: 1, headWidth: 3 },
  { heads: 3, keyValueHeads: 3, headWidth: 2 },
  { heads: 4, keyValueHeads: 2, headWidth: 2 },
  { heads: 4, keyValueHeads: 1, headWidth: 2 },
];
const sizes = [{ batch: 2, tail: 3, seen: 5 }, { batch: 1, tail: 1, seen: 4 }];

/** Attention with the keys and values split into runs that end at the given positions. */
function attended(
  layout: HeadLayout,
  ends: readonly Dimension[] = ["seen"],
  scaling: AttentionScaling = {},
  tokens: Dimension = "tail",
): Value {
  const { heads, keyValueHeads, headWidth } = layout, group = heads / keyValueHeads;
  const [key, value] = ["key", "value"].map((name) => parameter(name, ["batch", "seen", keyValueHeads * headWidth]));
  const runs = ends.map((end, index) => {
    const part = (whole: Value) => byHead(o.slice(whole, 1, ends[index - 1] ?? 0, end), layout);
    return { key: part(key as Value), value: part(value as Value) };
  });
  const query = parameter("query", ["batch", tokens, heads * headWidth]);
  const mask = input("mask", ["batch", 1, multiplyDimensions(group, tokens), "seen"]);
  return attention(query, runs, mask, layout, scaling);
}

const inRuns: readonly Dimension[] = [1, 3, "seen"];

/** Each query head against the key-value head of its group, one token after another. */
function formula({ heads, keyValueHeads, headWidth }: HeadLayout, { leaves }: Environment): Tensor {
  const { query, key, value, mask } = leaves;
  const group = heads / keyValueHeads, seen = key!.shape[1]!, tail = query!.shape[1]!;
  return build(query!.shape, ([batch, token, channel]) => {
    const head = Math.floor(channel! / headWidth),
      shared = Math.floor(head / group),
      row = (head % group) * tail + token!;
    const channels = Array.from({ length: headWidth }, (_, place) => place);
    const scores = Array.from({ length: seen }, (_, place) => {
      const products = channels.map((c) =>
        at(query!, [batch!, token!, head * headWidth + c]) * at(key!, [batch!, place, shared * headWidth + c])
      );
      return sum(products) / Math.sqrt(headWidth) + at(mask!, [batch!, 0, row, place]);
    });
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const mixed = powers.map((power, place) =>
      power * at(value!, [batch!, place, shared * headWidth + channel! % headWidth])
    );
    return sum(mixed) / sum(powers);
  });
}

const nameOf = ({ heads, keyValueHeads }: HeadLayout) => `${heads} heads over ${keyValueHeads}`;

function runsOf(layout: HeadLayout): Environment[] {
  return sizes.map((symbols) => {
    const masked = { mask: (_: unknown, offset: number) => (offset % symbols.seen > 2 ? Math.fround(-3.4e38) : 0) };
    return drawLeaves([weighted(attended(layout))], symbols, masked);
  });
}

for (const layout of layouts) {
  Deno.test(`attention() of ${nameOf(layout)} matches the plain formula and its gradients`, () => {
    for (const run of runsOf(layout)) {
      const program = verify({ name: nameOf(layout), outputs: { mixed: attended(layout) } });
      assertClose(interpret(program, run)["mixed"]!, formula(layout, run), 1e-12, nameOf(layout));
      assertGradients(weighted(attended(layout)), run);
      for (const joins of [false, true]) {
        const parts = verify({ name: "in runs", outputs: { mixed: attended(layout, inRuns, { joins }) } });
        assertClose(interpret(parts, run)["mixed"]!, formula(layout, run), 1e-12, `${nameOf(layout)} in runs`);
        assertGradients(weighted(attended(layout, inRuns, { joins })), run);
      }
    }
  });
}

for (const layout of layouts) {
  Deno.test(`attention() of one token over ${nameOf(layout)} does not depend on a static length`, async () => {
    using runtime = new Runtime({ threads: 1 });
    const symbols = { batch: 2, tail: 1, seen: 5 };
    for (const scaling of [{}, { scale: 0.7, softcap: 2, bias: input("bias", [1, layout.keyValueHeads, 1, "seen"]) }]) {
      const several = attended(layout, inRuns, scaling), one = attended(layout, inRuns, scaling, 1);
      const environment = drawLeaves([weighted(several)], symbols);
      const ofOne = drawLeaves([weighted(one)], symbols);
      assert.deepEqual(Object.keys(ofOne.leaves).toSorted(), Object.keys(environment.leaves).toSorted());
      const expected = interpret({ name: "several", outputs: { mixed: several } }, environment)["mixed"]!;
      const found = interpret(verify({ name: "one", outputs: { mixed: one } }), environment);
      assertClose(found["mixed"]!, expected, 1e-12, nameOf(layout));
      assertGradients(weighted(one), ofOne);
      for (const provider of ["cpu", "webgpu"] as const) {
        const session = await runtime.open(emitFor(provider, { name: "attention", outputs: { mixed: one } }));
        const [inRuntime] = Object.values(await runOn(session, environment));
        assertClose(inRuntime!, expected, 1e-5, `${nameOf(layout)}, ${provider}`);
        await session.close();
      }
    }
  });
}

Deno.test("attention() of copied queries lets each copy see the shared past", () => {
  const layout = layouts[2]!, { heads, keyValueHeads, headWidth } = layout;
  const past = ["pastKey", "pastValue"].map((name) => input(name, ["batch", keyValueHeads, "past", headWidth]));
  const mask = input("mask", [1, 1, `${heads / keyValueHeads}*tail`, "past+tail"]);
  const over = (member: string, copies: readonly string[]) => {
    const stack = (name: string, width: number) =>
      o.concat(copies.map((copy) => parameter(`${copy}.${name}`, ["batch", "tail", width])), 0);
    const own = ["key", "value"].map((name) => byHead(stack(name, keyValueHeads * headWidth), layout));
    const runs = [past, own].map(([key, value]) => ({ key: key!, value: value! }));
    const mixed = attention(stack("query", heads * headWidth), runs, mask, layout), at = copies.indexOf(member);
    return o.slice(mixed, 0, at === 0 ? 0 : "batch", at === 0 ? "batch" : "2*batch");
  };
  const run = drawLeaves([weighted(over("a", ["a", "b"]))], { batch: 2, past: 3, tail: 2 });
  for (const member of ["a", "b"]) {
    const together = verify({ name: "together", outputs: { mixed: over(member, ["a", "b"]) } });
    const alone = verify({ name: "alone", outputs: { mixed: over(member, [member]) } });
    assertClose(interpret(together, run)["mixed"]!, interpret(alone, run)["mixed"]!, 1e-12, member);
    assertGradients(weighted(over(member, ["a", "b"])), run);
  }
});

Deno.test("attention() matches the formula in the runtime", async () => {
  using runtime = new Runtime({ threads: 1 });
  for (const layout of layouts) {
    for (const provider of ["cpu", "webgpu"] as const) {
      const joined = attended(layout, inRuns, { joins: true });
      const outputs = { mixed: attended(layout), inRuns: attended(layout, inRuns), joined };
      const session = await runtime.open(emitFor(provider, { name: "attention", outputs }));
      for (const run of runsOf(layout)) {
        for (const found of Object.values(await runOn(session, run))) {
          assertClose(found, formula(layout, run), 1e-5, `${nameOf(layout)}, ${provider}`);
        }
      }
      await session.close();
    }
  }
});

Deno.test("attention() computed in parts has the same values and gradients as computed at once", () => {
  const symbols = { batch: 2, tail: 3, seen: 5 };
  for (const layout of layouts) {
    for (const ends of [undefined, inRuns]) {
      const scaling = { scale: 0.7, softcap: 2 };
      const [whole, parts] = [attended(layout, ends, scaling), attended(layout, ends, { ...scaling, parts: 3 })];
      assert.notEqual(whole, parts);
      const loss = weighted(parts), environment = drawLeaves([loss], symbols);
      const found = interpret({ name: "attention", outputs: { whole, parts } }, environment);
      assertClose(found["parts"]!, found["whole"]!, 1e-9, nameOf(layout));
      assertGradients(loss, environment);
    }
  }
});
