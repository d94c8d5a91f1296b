import assert from "node:assert/strict";
import { invertUnitTriangular, orthogonal } from "../../../ops/interventions/orthogonal.ts";
import { input, parameter, type Program, topologicalOrder } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { createRandom } from "../../../pipelines/data/random.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { baseOf, firstColumns, householderProduct, identity, multiply, transposeOf } from "../matrix.ts";
import { type Environment, evaluate } from "../reference.ts";
import { assertClose, assertGradients, emitFor, runOn, weighted } from "../support.ts";
import { at, build, map, type Tensor } from "../tensor.ts";

const width = 12, ranks = [1, 2, 3, 4, 5, 8];

function normal(seed: number, ...shape: number[]): Tensor {
  const random = createRandom(seed, "orthogonal", ...shape);
  return build(shape, () => random.normal());
}

/** An arbitrary matrix with orthonormal columns. */
const start = (rank: number) => firstColumns(householderProduct(normal(1, width, rank)), rank);

function programOf(rank: number): Program {
  const base = {
    reflectors: input("reflectors", [width, rank]),
    triangle: input("triangle", [rank, rank]),
    signs: input("signs", [rank, 1]),
  };
  return verify({ name: "orthogonal", outputs: { q: orthogonal(parameter("free", [width, rank]), base) } });
}

function environment(free: Tensor, rank: number): Environment {
  const { reflectors, triangle, signs } = baseOf(start(rank));
  return { symbols: {}, leaves: { free, reflectors, triangle, signs } };
}

const q = (free: Tensor, rank: number) => evaluate([programOf(rank).outputs["q"]!], environment(free, rank))[0]!;

/** Random off the diagonal, ±1 on it. */
function freeMatrix(seed: number, rank: number): Tensor {
  const entries = normal(seed, width, rank);
  return build([width, rank], ([row, column]) => {
    const entry = at(entries, [row!, column!]);
    return row === column ? Math.sign(entry) : entry;
  });
}

/** Q as `torch.nn.utils.parametrizations.orthogonal` computes it, with a full base and `householder_product`. */
function torchQ(free: Tensor, rank: number): Tensor {
  const diagonal = build([rank, rank], ([row, column]) => (row === column ? Math.trunc(at(free, [row!, row!])) : 0));
  const columns = firstColumns(householderProduct(free), rank);
  return multiply(baseOf(start(rank)).full, multiply(columns, diagonal));
}

Deno.test("the base's full factor is orthogonal and begins with the initial columns", () => {
  for (const rank of ranks) {
    const { full } = baseOf(start(rank));
    assertClose(multiply(transposeOf(full), full), identity(width), 1e-12, "BᵀB");
    assertClose(firstColumns(full, rank), start(rank), 1e-12, "B's first columns");
  }
});

Deno.test("orthogonal() has orthonormal columns for any free parameters", () => {
  for (const rank of ranks) {
    for (let seed = 2; seed < 6; seed++) {
      const columns = q(freeMatrix(seed, rank), rank);
      assertClose(multiply(transposeOf(columns), columns), identity(rank), 1e-12, `rank ${rank}`);
    }
  }
});

Deno.test("orthogonal() starts at the base's first columns", () => {
  for (const rank of ranks) {
    assertClose(q(map(identity(width, rank), (x) => -x), rank), start(rank), 1e-12, `rank ${rank}`);
  }
});

Deno.test("orthogonal() equals the product that torch computes with a full base", () => {
  for (const rank of ranks) {
    for (let seed = 6; seed < 10; seed++) {
      const free = freeMatrix(seed, rank);
      assertClose(q(free, rank), torchQ(free, rank), 1e-12, `rank ${rank}`);
    }
  }
});

Deno.test("orthogonal() truncates the diagonal, so that weight decay of ±1 zeroes a column", () => {
  const free = freeMatrix(11, 4);
  const decayed = build(free.shape, ([row, column]) => {
    return at(free, [row!, column!]) * (row === column && column! % 2 === 0 ? 0.999 : 1);
  });
  const columns = q(decayed, 4), whole = q(free, 4);
  assertClose(columns, torchQ(decayed, 4), 1e-12, "torch");
  assertClose(
    columns,
    build(whole.shape, ([row, column]) => column! % 2 === 0 ? 0 : at(whole, [row!, column!])),
    1e-12,
    "columns",
  );
});

Deno.test("orthogonal() has the gradient of finite differences, zero on and above the diagonal", () => {
  for (const rank of [1, 2, 3, 5]) {
    const entries = normal(12, width, rank);
    // The diagonal is far from whole numbers, where truncation jumps.
    const free = build([width, rank], ([row, column]) => row === column ? -1.5 : at(entries, [row!, column!]));
    const loss = weighted(programOf(rank).outputs["q"]!);
    const { leaves } = environment(free, rank);
    assertGradients(loss, { symbols: {}, leaves: { ...leaves, cotangent: normal(13, width, rank) } });
  }
});

Deno.test("orthogonal() never computes a width × width matrix", () => {
  for (const { shape } of topologicalOrder([programOf(4).outputs["q"]!])) {
    assert.ok(shape.filter((extent) => extent === width).length < 2, `[${shape}]`);
  }
});

Deno.test("orthogonal() computes the same columns in the runtime", async () => {
  using runtime = new Runtime({ threads: 1 });
  for (const rank of ranks) {
    for (const provider of ["cpu", "webgpu"] as const) {
      const session = await runtime.open(emitFor(provider, programOf(rank)));
      const free = map(freeMatrix(14, rank), Math.fround);
      assertClose(
        (await runOn(session, environment(free, rank)))["q"]!,
        torchQ(free, rank),
        1e-5,
        `${provider}, rank ${rank}`,
      );
      await session.close();
    }
  }
});

Deno.test("invertUnitTriangular() is exact for whole numbers", () => {
  for (let rank = 1; rank <= 9; rank++) {
    const entries = normal(15, rank, rank);
    for (const upper of [true, false]) {
      const strict = build([rank, rank], ([row, column]) => {
        return (upper ? row! < column! : row! > column!) ? Math.round(2 * at(entries, [row!, column!])) : 0;
      });
      const value = invertUnitTriangular(input("strict", [rank, rank]), rank);
      const [inverse] = evaluate([value], { symbols: {}, leaves: { strict } });
      const unit = build(strict.shape, (index) => at(strict, index) + (index[0] === index[1] ? 1 : 0));
      assertClose(multiply(unit, inverse!), identity(rank), 0, `rank ${rank}`);
    }
  }
});

Deno.test("invertUnitTriangular() takes log₂(rank) squarings", () => {
  const products = (rank: number) =>
    topologicalOrder([invertUnitTriangular(input("strict", [rank, rank]), rank)]).filter(({ op }) => op === "matmul")
      .length;
  assert.deepEqual([1, 2, 3, 4, 5, 8, 9, 16].map(products), [0, 0, 2, 2, 4, 4, 6, 6]);
});
