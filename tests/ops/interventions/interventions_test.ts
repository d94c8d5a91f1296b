import assert from "node:assert/strict";
import {
  type ActivationName,
  activations,
  type InterventionOptions,
  tensorOf,
} from "../../../ops/interventions/intervention.ts";
import { type InterventionName, interventions } from "../../../ops/interventions/mod.ts";
import { orthogonal } from "../../../ops/interventions/orthogonal.ts";
import { input, parameter, type Program, type Value } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { baseOf, firstColumns, householderProduct, multiply, transposeOf } from "../matrix.ts";
import { type Environment, erf, interpret } from "../reference.ts";
import { assertClose, assertGradients, drawLeaves, emitFor, runOn, weighted } from "../support.ts";
import { at, build, map, sizeOf, type Tensor } from "../tensor.ts";

const width = 6, rank = 2;
const symbols = { batch: 2, tail: 3 };
const hidden = input("hidden", ["batch", "tail", width]), mask = input("mask", ["batch", "tail", 1]);

type Tensors = Readonly<Record<string, Tensor>>;
/** What an edit adds to one representation h, a row [1, width]. */
type Formula = (h: Tensor, tensors: Tensors, activation: (x: Tensor) => Tensor, options: InterventionOptions) => Tensor;

const plus = (x: Tensor, y: Tensor) => build(x.shape, (index) => at(x, index) + y.data[index.at(-1)!]!);
const minus = (x: Tensor, y: Tensor) => plus(x, map(y, (element) => -element));
const sourceOf = (h: Tensor, { weight, bias }: Tensors) => plus(multiply(h, transposeOf(weight!)), bias!);

/** A vector as a row. */
const row = (x: Tensor) => build([1, sizeOf(x.shape)], ([, column]) => x.data[column!]!);

/** The change of a representation by each edit, row vectors throughout: Wu et al. 2024, equations 2 and 3, and pyreft. */
const formulas: Record<InterventionName, Formula> = {
  loreft: (h, tensors, activation) => {
    const { rotate } = tensors;
    return multiply(minus(activation(sourceOf(h, tensors)), multiply(h, rotate!)), transposeOf(rotate!));
  },
  noreft: (h, tensors, activation, { projectionBias }) => {
    const { proj, proj_bias } = tensors;
    const projected = multiply(h, transposeOf(proj!));
    return multiply(
      minus(activation(sourceOf(h, tensors)), projectionBias ? plus(projected, proj_bias!) : projected),
      proj!,
    );
  },
  direft: (h, tensors, activation, { orthogonal }) => {
    const { rotate, proj } = tensors;
    return multiply(activation(sourceOf(h, tensors)), orthogonal ? transposeOf(rotate!) : proj!);
  },
  consreft: (h, { rotate, bias }) => multiply(minus(row(bias!), multiply(h, rotate!)), transposeOf(rotate!)),
  lobireft: (_, { rotate, bias }) => multiply(row(bias!), transposeOf(rotate!)),
  red: (h, { scale, bias }) => build([1, width], ([, at]) => h.data[at!]! * (scale!.data[at!]! - 1) + bias!.data[at!]!),
  road: (h, { angle, scale }) =>
    build([1, width], ([, at]) => {
      const pair = Math.floor(at! / 2), [x, y] = [h.data[2 * pair]!, h.data[2 * pair + 1]!];
      const [turn, stretch] = [angle!.data[pair]!, scale!.data[pair]!];
      const turned = at! % 2 === 0 ? x * Math.cos(turn) - y * Math.sin(turn) : x * Math.sin(turn) + y * Math.cos(turn);
      return stretch * turned - h.data[at!]!;
    }),
  gatedDirection: (h, { direction }) => {
    const gate = Math.max(0, multiply(h, transposeOf(direction!)).data[0]!);
    return map(direction!, (element) => gate * element);
  },
};

/** The number of trainable parameters of each edit, as pyreft counts them. */
const counts: Record<InterventionName, (options: InterventionOptions) => number> = {
  loreft: () => 2 * width * rank + rank,
  noreft: ({ projectionBias }) => 2 * width * rank + (projectionBias ? 2 : 1) * rank,
  direft: () => 2 * width * rank + rank,
  consreft: () => width * rank + rank,
  lobireft: () => width * rank + rank,
  red: () => 2 * width,
  road: () => width,
  gatedDirection: () => width,
};

const activationFormulas: Record<ActivationName, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(0, x),
  gelu: (x) => x * (1 + erf(x / Math.SQRT2)) / 2,
  silu: (x) => x / (1 + Math.exp(-x)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

interface Edit {
  readonly name: InterventionName;
  readonly label: string;
  readonly options: InterventionOptions;
}

const plain: InterventionOptions = { activation: "linear", orthogonal: false, projectionBias: false };
const activated = (Object.keys(activations) as ActivationName[]).map((activation) => ({ activation }));
const withActivations = (options: Partial<InterventionOptions>) => activated.map((each) => ({ ...options, ...each }));

/** The options that affect each kind. */
const variants: Record<InterventionName, readonly Partial<InterventionOptions>[]> = {
  loreft: withActivations({}),
  noreft: [...withActivations({}), ...withActivations({ projectionBias: true })],
  direft: [...withActivations({}), ...withActivations({ orthogonal: true }), { projectionBias: true }],
  consreft: [{}],
  lobireft: [{}],
  red: [{}],
  road: [{}],
  gatedDirection: [{}],
};

const edits = (Object.keys(interventions) as InterventionName[]).flatMap((name) =>
  variants[name].map((options): Edit => {
    const changed = Object.entries(options).map(([option, value]) => value === true ? option : value);
    return { name, label: [...changed, name].join(" "), options: { ...plain, ...options } };
  })
);

const rolesOf = ({ name, options }: Edit) => interventions[name].tensors({ width, rank }, options);

/** The edited representation with all tensors as plain parameters. */
function direct(edit: Edit): Value {
  const tensors = Object.entries(rolesOf(edit)).map(([name, { shape }]) => [name, parameter(name, shape)] as const);
  return interventions[edit.name].edit(hidden, Object.fromEntries(tensors), mask, edit.options);
}

/** The edited representation as in training, where free tensors parametrize the orthonormal ones. */
function trained(edit: Edit): Value {
  const tensors = Object.entries(rolesOf(edit)).map(([name, { shape, start }]): [string, Value] => {
    const free = parameter(name, shape);
    if (start !== "orthogonal") return [name, free];
    const reflectors = input("reflectors", shape), triangle = input("triangle", [rank, rank]);
    return [name, orthogonal(free, { reflectors, triangle, signs: input("signs", [rank, 1]) })];
  });
  return interventions[edit.name].edit(hidden, Object.fromEntries(tensors), mask, edit.options);
}

const programOf = (edited: Value): Program => verify({ name: "edit", outputs: { edited } });

function environment(value: Value): Environment {
  const drawn = drawLeaves([value], symbols, { mask: (random) => random.integer(2) }, 3);
  const free = build([width, rank], ([row, column]) => 1 / (1 + row! + 2 * column!));
  const { reflectors, triangle, signs } = baseOf(firstColumns(householderProduct(free), rank));
  // The diagonal is far from whole numbers, where truncation jumps.
  const rotate = build([width, rank], ([row, column]) => row === column ? -1.5 : Math.sin(row! + 3 * column!));
  return { symbols, leaves: { ...drawn.leaves, reflectors, triangle, signs, rotate } };
}

/** The edited representation by the plain formula. */
function expectedOf({ name, options }: Edit, { leaves }: Environment): Tensor {
  const activation = (x: Tensor) => map(x, activationFormulas[options.activation]);
  return build(leaves["hidden"]!.shape, ([batch, token, channel]) => {
    const h = build([1, width], ([, column]) => at(leaves["hidden"]!, [batch!, token!, column!]));
    const change = formulas[name](h, leaves, activation, options);
    return h.data[channel!]! + at(leaves["mask"]!, [batch!, token!, 0]) * change.data[channel!]!;
  });
}

for (const edit of edits) {
  Deno.test(`${edit.label} matches its formula where the mask is 1, and changes nothing elsewhere`, () => {
    const value = direct(edit), run = environment(value);
    assert.deepEqual(value.shape, hidden.shape);
    assertClose(interpret(programOf(value), run)["edited"]!, expectedOf(edit, run), 1e-12, edit.label);
  });

  Deno.test(`${edit.label} has the gradients of finite differences`, () => {
    const loss = weighted(trained(edit)), drawn = drawLeaves([loss], symbols, {}, 4);
    const leaves = { ...environment(trained(edit)).leaves, cotangent: drawn.leaves["cotangent"]! };
    assertGradients(loss, { symbols, leaves });
  });

  Deno.test(`${edit.label} has tensors of the expected sizes`, () => {
    const roles = Object.values(rolesOf(edit)).filter(({ isUnread }) => isUnread !== true);
    const count = roles.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    assert.equal(count, counts[edit.name](edit.options));
    for (const { shape, start } of roles) if (start === "orthogonal") assert.deepEqual(shape, [width, rank]);
  });

  Deno.test(`${edit.label} edits each example independently of the rest of its batch`, () => {
    const value = direct(edit), run = environment(value), whole = interpret(programOf(value), run)["edited"]!;
    for (let example = 0; example < symbols.batch; example++) {
      const alone = (x: Tensor) => build([1, ...x.shape.slice(1)], ([, ...rest]) => at(x, [example, ...rest]));
      const leaves = { ...run.leaves, hidden: alone(run.leaves["hidden"]!), mask: alone(run.leaves["mask"]!) };
      const found = interpret(programOf(value), { symbols: { ...symbols, batch: 1 }, leaves })["edited"]!;
      assert.deepEqual(found, alone(whole));
    }
  });
}

/** The tensors reduced to one row of the rank, without those that are never read. */
function rowsOf(tensors: Tensors, edit: Edit, row: number): Tensors {
  return Object.fromEntries(
    Object.entries(rolesOf(edit)).filter(([, { isUnread }]) => isUnread !== true).map(([name, { shape }]) => {
      const axis = shape.indexOf(rank);
      const one = build(shape.map((extent, at) => at === axis ? 1 : extent), (place) => {
        return at(tensors[name]!, place.map((index, each) => each === axis ? row : index));
      });
      return [name, one];
    }),
  );
}

for (const edit of edits.filter(({ name }) => interventions[name].hasRank)) {
  Deno.test(`${edit.label} edits each example only by the rows of its rank that the mask selects`, () => {
    const columns = input("mask", ["batch", "tail", rank]);
    const tensors = Object.entries(rolesOf(edit)).map(([name, { shape }]) => [name, parameter(name, shape)] as const);
    const value = interventions[edit.name].edit(hidden, Object.fromEntries(tensors), columns, edit.options);
    const run = drawLeaves([value], symbols, { mask: (random) => random.integer(2) }, 6);
    const activation = (x: Tensor) => map(x, activationFormulas[edit.options.activation]);
    const expected = build(run.leaves["hidden"]!.shape, ([batch, token, channel]) => {
      const h = build([1, width], ([, column]) => at(run.leaves["hidden"]!, [batch!, token!, column!]));
      return Array.from({ length: rank }, (_, row) => {
        const change = formulas[edit.name](h, rowsOf(run.leaves, edit, row), activation, edit.options);
        return at(run.leaves["mask"]!, [batch!, token!, row]) * change.data[channel!]!;
      }).reduce((sum, each) => sum + each, h.data[channel!]!);
    });
    assertClose(interpret(programOf(value), run)["edited"]!, expected, 1e-12, edit.label);
    const loss = weighted(value);
    assertGradients(loss, drawLeaves([loss], symbols, { mask: (random) => random.integer(2) }, 6));
  });
}

Deno.test("edits in the runtime match their formulas, and keep masked-out tokens bit for bit", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  for (const edit of edits) {
    await t.step(edit.label, async () => {
      for (const provider of ["cpu", "webgpu"] as const) {
        const value = direct(edit), drawn = drawLeaves([value], symbols, { mask: (random) => random.integer(2) }, 5);
        const session = await runtime.open(emitFor(provider, programOf(value)));
        const found = (await runOn(session, drawn))["edited"]!;
        assertClose(found, expectedOf(edit, drawn), 1e-5, provider);
        const masked = { ...drawn, leaves: { ...drawn.leaves, mask: map(drawn.leaves["mask"]!, () => 0) } };
        assert.deepEqual((await runOn(session, masked))["edited"], drawn.leaves["hidden"]);
        assert.ok([...drawn.leaves["mask"]!.data].includes(1) && [...drawn.leaves["mask"]!.data].includes(0));
        await session.close();
      }
    });
  }
});

Deno.test("tensorOf() names the missing tensor", () => {
  assert.throws(
    () => tensorOf({}, "rotate"),
    (error: Error) => error instanceof TypeError && /rotate/.test(error.message),
  );
});
