import assert from "node:assert/strict";
import * as o from "../../../../ops/operators.ts";
import { constant, input, type Program } from "../../../../ops/program/program.ts";
import { Sessions } from "../../../../pipelines/schedule/context/sessions.ts";

const weights = {
  digest: "none",
  locate: (name: string): never => {
    throw new Error(`there is no weight ${name}`);
  },
};

/** A program that adds a number. */
const adding = (number: number): Program => ({
  name: `add ${number}`,
  outputs: { sum: o.add(input("x", ["batch"]), constant([number])) },
});

Deno.test("Sessions opens many programs at once, each of which can be run before it is closed", async () => {
  await using sessions = new Sessions("cpu", 1);
  const added = async (number: number, at: number) => {
    // Each asks while the earlier ones still wait for theirs.
    for (let turn = 0; turn < 10 * at; turn++) await undefined;
    const session = await sessions.open(adding(number), weights);
    const { outputs } = await session.run({ x: { shape: [1], data: Float32Array.of(1) } });
    return outputs["sum"]!.data[0];
  };
  // Some are opened twice at the same time, and some again after they were closed.
  const numbers = Array.from({ length: 40 }, (_, at) => at % 13);
  assert.deepEqual(await Promise.all(numbers.map(added)), numbers.map((number) => number + 1));
  assert.deepEqual(await Promise.all(numbers.map(added)), numbers.map((number) => number + 1));
});

Deno.test("Sessions opens a program again after a failure", async () => {
  await using sessions = new Sessions("cpu", 1);
  let isThere = false;
  const late = {
    ...weights,
    get computesInInt8(): true {
      if (!isThere) throw new Error("not there yet");
      return true;
    },
  };
  await assert.rejects(sessions.open(adding(1), late), /not there yet/);
  isThere = true;
  const session = await sessions.open(adding(1), late);
  assert.equal((await session.run({ x: { shape: [1], data: Float32Array.of(1) } })).outputs["sum"]!.data[0], 2);
});

Deno.test("a session that is held twice stays open until both have released it", async () => {
  await using sessions = new Sessions("cpu", 1);
  const program = adding(1), x = () => ({ x: { shape: [1], data: Float32Array.of(1) } });
  const [one, other] = [await sessions.hold(program, weights), await sessions.hold(program, weights)];
  assert.equal(one, other);
  await sessions.release(program, weights);
  assert.equal((await other.run(x())).outputs["sum"]!.data[0], 2);
  await sessions.release(program, weights);
  await assert.rejects(other.run(x()), /is closed/);
});
