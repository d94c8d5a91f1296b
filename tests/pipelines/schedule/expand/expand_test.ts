import assert from "node:assert/strict";
import {
  adamw,
  baseModel,
  best,
  block,
  concat,
  direft,
  evaluate,
  exactMatch,
  halving,
  lora,
  loreft,
  loss,
  type Pipeline,
  pipeline,
  records,
  repeat,
  sweep,
  train,
  where,
  zip,
} from "refract";
import { overridesOfOptions } from "../../../../pipelines/recipes/overrides.ts";
import { expand } from "../../../../pipelines/schedule/expand/expand.ts";
import type { Member } from "../../../../pipelines/schedule/expand/member.ts";
import type { MemberRecord } from "../../../../pipelines/results/results.ts";
import type { Resolved, StageSpec, Sweepable, TrainSpec, WhereSpec } from "../../../../pipelines/spec/mod.ts";

const rows = records([{ q: "a", a: "b" }], { prompt: "{q}", completion: "{a}" });
const base = baseModel("./model"), optimizer = adamw({ learningRate: 1e-3 });
const at = block(0).output, positions = "l1";

function training(rank: Sweepable<number>, options: { seed?: Sweepable<number>; epochs?: number } = {}): TrainSpec {
  const { seed = 1, epochs = 6 } = options;
  return train(base.with(loreft({ at, positions, rank })), { data: rows, epochs, batchSize: 1, optimizer, seed });
}

const trained = (stage: () => TrainSpec, ...conditions: readonly WhereSpec[]) => {
  return pipeline("p", () => ({ tuned: stage() }), ...conditions);
};
const idsOf = (declared: Pipeline, set: ReadonlyMap<string, readonly string[]> = new Map()) => {
  return expand(declared, overridesOfOptions(set)).members.map(({ id }) => id);
};

Deno.test("axes multiply in the order of their declaration", () => {
  const declared = trained(() => {
    const rank = sweep("rank", [1, 2]), seed = sweep("seed", [7, 8]);
    return training(rank, { seed });
  });
  assert.deepEqual(idsOf(declared), ["rank=1,seed=7", "rank=1,seed=8", "rank=2,seed=7", "rank=2,seed=8"]);
});

Deno.test("zipped axes move together, and --set picks pairs", () => {
  const declared = trained(() => {
    const [rank, seed] = zip(sweep("rank", [1, 2, 4]), sweep("seed", [7, 8, 9]));
    return training(rank, { seed });
  });
  assert.deepEqual(idsOf(declared), ["rank=1,seed=7", "rank=2,seed=8", "rank=4,seed=9"]);
  assert.deepEqual(idsOf(declared, new Map([["rank", ["2", "4"]]])), ["rank=2,seed=8", "rank=4,seed=9"]);
  assert.deepEqual(idsOf(declared, new Map([["rank", ["2"]], ["seed", ["8"]]])), ["rank=2,seed=8"]);
  assert.throws(
    () => idsOf(declared, new Map([["rank", ["2"]], ["seed", ["9"]]])),
    /no member has this combination of values for rank/,
  );
  assert.throws(
    () => idsOf(declared, new Map([["rank", ["3"]]])),
    /^RequestError: --set rank: "3" has the wrong type for the axis rank/,
  );
});

Deno.test("zip refuses axes of different length", () => {
  assert.throws(() => zip(sweep("rank", [1, 2]), sweep("seed", [7])), {
    name: "RequestError",
    message: "zip pairs the values of axes, but rank has 2 and seed has 1; give both the same number of values",
  });
});

Deno.test("concat joins the values of all axes under the first name", () => {
  const rank = concat(sweep("rank", [1, 2]), sweep("more", [8]));
  assert.deepEqual(idsOf(trained(() => training(rank))), ["rank=1", "rank=2", "rank=8"]);
});

Deno.test("an axis within a value is an axis only of the members with that value", () => {
  const declared = trained(() => {
    const edit = sweep("edit", [
      lora({ rank: sweep("loraRank", [4, 8]) }),
      loreft({ at, positions, rank: sweep("rank", [1, 2]) }),
      direft({ at, positions, rank: 3 }),
    ]);
    return train(base.with(edit), { data: rows, epochs: 1, batchSize: 1, optimizer, seed: sweep("seed", [5]) });
  });
  assert.deepEqual(
    idsOf(declared),
    [
      "edit=lora,loraRank=4,seed=5",
      "edit=lora,loraRank=8,seed=5",
      "edit=loreft,rank=1,seed=5",
      "edit=loreft,rank=2,seed=5",
      "edit=direft,seed=5",
    ].map((id) => sortedLike(id)),
  );
});

/** Ids name axes in the order of their declaration: those within a value are declared before the value's axis. */
function sortedLike(id: string): string {
  const order = ["loraRank", "rank", "edit", "seed"], parts = id.split(",");
  return parts.sort((a, b) => order.indexOf(a.split("=")[0]!) - order.indexOf(b.split("=")[0]!)).join(",");
}

Deno.test("where omits members by their values, and refuses to omit all", () => {
  const declared = (condition: WhereSpec) =>
    trained(() => training(sweep("rank", [1, 2]), { seed: sweep("seed", [1, 2]) }), condition);
  assert.deepEqual(idsOf(declared(where(({ rank, seed }) => rank! + seed! < 4))), [
    "rank=1,seed=1",
    "rank=1,seed=2",
    "rank=2,seed=1",
  ]);
  assert.throws(() => idsOf(declared(where(() => false))), /the conditions exclude every member; relax them/);
  for (
    const [returned, says] of [
      [Promise.resolve(false), /the condition returned a promise, which async functions return; return true or false$/],
      [0, /the condition returned 0; return true or false$/],
      [undefined, /the condition returned undefined; return true or false$/],
      [{}, /the condition returned an object; return true or false$/],
    ] as const
  ) assert.throws(() => idsOf(declared(where(() => returned as boolean))), says);
});

Deno.test("members share the parts that no axis of theirs changes", () => {
  const declared = trained(() => training(sweep("rank", [1, 2]), { seed: sweep("seed", [1, 2]) }));
  const stages = expand(declared).members.map(({ stages }) => stages["tuned"] as Member["stages"][string]);
  assert.ok(stages[0]!.model === stages[1]!.model && stages[0]!.model !== stages[2]!.model);
  assert.ok(stages.every(({ data }) => data === stages[0]!.data));
});

/** The records of a run of members, with the given metric of each. */
function recordsOf(members: readonly Member[], stage: string, metric: (member: Member) => number): MemberRecord[] {
  return members.map((member) => ({
    ...member,
    trainableParameters: 0,
    stages: [{
      name: stage,
      kind: "evaluate",
      cached: false,
      seconds: 0,
      metrics: { exactMatch: metric(member) },
      predictions: "",
    }],
  }));
}

/** The training that a member's stage evaluates. */
function trainingIn(stage: Resolved<StageSpec> | undefined): Resolved<TrainSpec> {
  assert.ok(stage?.kind === "evaluate" && stage.model.kind === "train");
  return stage.model;
}

function rankOf({ model: { edits: [edit] } }: Resolved<TrainSpec>): number | undefined {
  assert.ok(edit !== undefined && "rank" in edit);
  return edit.rank;
}

function measured(model: TrainSpec) {
  return evaluate(model, { data: rows, metrics: [exactMatch()], decoding: { kind: "greedy", maxNewTokens: 1 } });
}

Deno.test("stages that continue with the best have its model and values, and their own axes", () => {
  const rank = sweep("rank", [1, 2, 4]), rate = sweep("rate", [1e-3, 1e-2]);
  const declared = pipeline("p", () => {
    const tuned = train(base.with(loreft({ at, positions, rank })), {
      data: rows,
      epochs: 2,
      batchSize: 1,
      optimizer: adamw({ learningRate: rate }),
    });
    const validation = measured(tuned), found = best(validation, exactMatch());
    const final = train(found, {
      data: rows.take(1),
      epochs: 9,
      batchSize: 1,
      optimizer: adamw({ learningRate: found.value(rate) }),
      seed: repeat({ seeds: [5, 6] }),
    });
    return { validation, test: measured(final), asTuned: evaluate(found, { data: rows, metrics: [loss()] }) };
  });
  const { rounds, goesOn, members } = expand(declared);
  assert.ok(goesOn);
  assert.deepEqual(
    members.map(({ id }) => id),
    [1, 2, 4].flatMap((rank) => [0.001, 0.01].map((rate) => `rank=${rank},rate=${rate}`)),
  );
  const running = rounds(), first = running.next();
  assert.ok(!first.done);
  const second = running.next(
    recordsOf(first.value, "validation", ({ axes }) => axes["rank"] === 2 ? Number(axes["rate"]) : 0),
  );
  assert.ok(!second.done);
  assert.deepEqual(second.value.map(({ id, repeated }) => [id, repeated]), [["best,seed=5", "best"], [
    "best,seed=6",
    "best",
  ]]);
  const [{ stages, axes, chosen }] = second.value as [Member];
  assert.deepEqual(axes, { rank: 2, rate: 0.01, seed: 5 });
  assert.deepEqual(chosen, [{ stage: "validation", metric: "exactMatch", member: "rank=2,rate=0.01" }]);
  const test = trainingIn(stages["test"]), asTuned = trainingIn(stages["asTuned"]);
  assert.deepEqual([test.epochs, test.seed, test.optimizer.learningRate, rankOf(test)], [9, 5, 0.01, 2]);
  assert.deepEqual([asTuned.epochs, rankOf(asTuned)], [2, 2]);
  assert.ok(running.next(recordsOf(second.value, "test", () => 1)).done);
});

Deno.test("repetitions count by their mean, and a stage that is not returned runs nevertheless", () => {
  const declared = pipeline("p", () => {
    const tuned = training(sweep("rank", [1, 2]), { seed: repeat({ seeds: [1, 2] }) });
    return { test: evaluate(best(measured(tuned), exactMatch()), { data: rows, metrics: [loss()] }) };
  });
  const running = expand(declared).rounds(), first = running.next();
  assert.ok(!first.done);
  const metrics: Record<string, number> = {
    "rank=1,seed=1": 1,
    "rank=1,seed=2": 0,
    "rank=2,seed=1": 0.6,
    "rank=2,seed=2": 0.6,
  };
  assert.deepEqual(
    first.value.map(({ id, stages }) => [id, Object.keys(stages)]),
    Object.keys(metrics).map((id) => [id, ["candidates"]]),
  );
  const second = running.next(recordsOf(first.value, "candidates", ({ id }) => metrics[id]!));
  assert.ok(!second.done);
  assert.deepEqual(second.value.map(({ id, axes }) => [id, axes]), [
    ["best,seed=1", { rank: 2, seed: 1 }],
    ["best,seed=2", { rank: 2, seed: 2 }],
  ]);
});

Deno.test("halving trains all members for a short time, and the better ones for the time saved", () => {
  const declared = pipeline("p", () => {
    const validation = measured(training(sweep("rank", [1, 2, 3, 4]), { epochs: 6 }));
    const found = best(validation, halving({ by: exactMatch(), rounds: 3, keep: 0.5 }));
    return { validation, test: evaluate(found, { data: rows, metrics: [loss()] }) };
  });
  const running = expand(declared).rounds();
  const seen: (readonly [string, number])[][] = [];
  let round = running.next();
  while (!round.done) {
    seen.push(round.value.map(({ id, stages }) => [id, trainingIn(Object.values(stages)[0]).epochs] as const));
    round = running.next(recordsOf(round.value, "validation", ({ axes }) => Number(axes["rank"])));
  }
  assert.deepEqual(seen, [
    [1, 2, 3, 4].map((rank) => [`round=1,rank=${rank}`, 2] as const),
    [3, 4].map((rank) => [`round=2,rank=${rank}`, 4] as const),
    [["round=3,rank=4", 8]],
    [["best", 8]],
  ]);
});

Deno.test("a best by a metric that its stage does not measure is refused at its declaration", () => {
  const declared = pipeline("p", () => {
    return {
      test: evaluate(best(measured(training(sweep("rank", [1, 2]))), loss()), { data: rows, metrics: [loss()] }),
    };
  });
  assert.throws(() => expand(declared), /best compares by loss, which its evaluation does not measure; add loss\(\)/);
});

Deno.test("halving refuses invalid rounds and shares", () => {
  for (const [rounds, keep] of [[0, 0.5], [1.5, 0.5], [2, 0], [2, 1]] as const) {
    assert.throws(() => halving({ by: loss(), rounds, keep }), { name: "RequestError" });
  }
});

Deno.test("ten thousand members expand in less than a second", () => {
  const declared = trained(() => {
    const layer = sweep("layer", Array.from({ length: 25 }, (_, each) => each));
    const rank = sweep("rank", Array.from({ length: 20 }, (_, each) => each + 1));
    const seed = sweep("seed", Array.from({ length: 20 }, (_, each) => each));
    return train(base.with(loreft({ at: block(layer).output, positions, rank })), {
      data: rows,
      epochs: 1,
      batchSize: 1,
      optimizer,
      seed,
    });
  });
  const start = performance.now();
  assert.equal(expand(declared).members.length, 10_000);
  assert.ok(performance.now() - start < 1000 * 5, "a busy machine may take five times as long");
});

for (
  const [found, build, remedy = "return stages by name, as in { score: evaluate(…) }"] of [
    ["nothing", () => undefined],
    [
      "a promise, which async functions return",
      () => Promise.resolve({}),
      "omit async and await, because nothing is read yet",
    ],
    ["a list", () => []],
    ["a Map", () => new Map([["score", {}]])],
    ["a generator, which functions with function* return", function* () {}],
    ["a string", () => "stages"],
    ["one stage without a name", () => ({ kind: "train" })],
    ["a declaration of the kind model", () => ({ kind: "model" })],
    ["no stages", () => ({})],
  ] as const satisfies readonly (readonly [string, () => unknown, string?])[]
) {
  Deno.test(`expand() reports that a builder returned ${found}`, () => {
    const declared: unknown = { kind: "pipeline", name: "p", conditions: [], build };
    assert.throws(() => expand(declared as Pipeline), {
      message: `the pipeline returns ${found}; ${remedy}`,
    });
  });
}
