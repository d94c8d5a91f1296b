import { clipByNorm } from "../../../ops/optimizers/clipping.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { input } from "../../../ops/program/program.ts";
import { interpret } from "../reference.ts";
import { assertClose } from "../support.ts";
import { tensor } from "../tensor.ts";

/** Two gradients clipped by the formula of torch's `clip_grad_norm_`. */
function clipped(gradients: readonly (readonly number[])[], bound: number) {
  const norm = Math.hypot(...gradients.flat()), factor = Math.min(1, bound / (norm + 1e-6));
  return { norm, gradients: gradients.map((gradient) => gradient.map((each) => each * factor)) };
}

const cases = {
  "a larger norm": [[[3, 0, -4, 1], [12, 2]], 1],
  "a smaller norm": [[[0.3, 0, -0.4, 0.1], [0.12, 0.2]], 1],
  "nothing but zeros": [[[0, 0, 0, 0], [0, 0]], 0.5],
} as const;

for (const [name, [[first, second], bound]] of Object.entries(cases)) {
  Deno.test(`clipByNorm() clips ${name} as torch does`, () => {
    const fed = clipByNorm([input("first", [2, 2]), input("second", [2])], input("bound", []));
    const outputs = { norm: fed.norm, "clipped.first": fed.gradients[0]!, "clipped.second": fed.gradients[1]! };
    const leaves = { first: tensor([2, 2], [...first]), second: tensor([2], [...second]), bound: tensor([], [bound]) };
    const found = interpret(verify({ name: "clip", outputs }), { symbols: {}, leaves });
    const expected = clipped([first, second], bound);
    assertClose(found["norm"]!, tensor([], [expected.norm]), 1e-12, "norm");
    assertClose(found["clipped.first"]!, tensor([2, 2], expected.gradients[0]!), 1e-12, "first");
    assertClose(found["clipped.second"]!, tensor([2], expected.gradients[1]!), 1e-12, "second");
  });
}
