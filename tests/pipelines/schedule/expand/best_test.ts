/** Runs that continue with the best of their members, and that repeat one experiment. @module */
import assert from "node:assert/strict";
import type { MemberRecord } from "../../../../pipelines/results/results.ts";
import { inScene, type PipelineParts } from "../../../support/scene.ts";
import { evaluationOf, resultsOf, trainingOf } from "../support.ts";

const searched: Partial<PipelineParts> = {
  preamble: "const { best, halving, repeat } = refract;",
  rank: 'sweep("rank", [1, 2])',
  metrics: "[loss()]",
  optimizer: 'adamw({ learningRate: sweep("rate", [1e-4, 3e-2]) })',
  epochs: "4",
};

const axesOf = ({ axes }: MemberRecord) => axes;
const lossOf = (member: MemberRecord) => evaluationOf(member).metrics["loss"]!;

Deno.test("a run continues with the best member, trains it again with several seeds, and reports their mean", () =>
  inScene({
    ...searched,
    stages: `(() => {
      const validation = evaluate(tuned, { data: heldOut, metrics, decoding });
      const found = best(validation, loss());
      const again = train(found, { data: rows, epochs: 1, batchSize: 4, optimizer: adamw({ learningRate: 1e-3 }), seed: repeat({ seeds: [1, 2] }) });
      return { validation, again: evaluate(again, { data: heldOut, metrics }), asFound: evaluate(found, { data: heldOut, metrics }) };
    })()`,
  }, async (scene) => {
    const { members, encode, summaries } = await resultsOf(scene);
    const candidates = members.slice(0, 4), rest = members.slice(4);
    assert.deepEqual(rest.map(({ id }) => id), ["best,seed=1", "best,seed=2"]);
    const winner = candidates.reduce((best, each) => lossOf(each) < lossOf(best) ? each : best);
    for (const member of rest) {
      assert.deepEqual(member.chosen, [{ stage: "validation", metric: "loss", member: winner.id }]);
      const { rank, rate } = axesOf(member);
      assert.deepEqual({ rank, rate }, axesOf(winner));
      const asFound = member.stages.findLast(({ name }) => name === "asFound");
      assert.ok(asFound?.kind === "evaluate");
      assert.equal(asFound.metrics["loss"], lossOf(winner));
    }
    // The best member is not trained again, and the rows are encoded once.
    const trainings = rest.flatMap(({ stages }) => stages.filter(({ kind, cached }) => kind === "train" && !cached));
    assert.deepEqual(trainings.map(({ name }) => name), ["loreft", "loreft"]);
    assert.equal(new Set(encode.map(({ key }) => key)).size, encode.length);
    const [summary] = summaries!.filter(({ id }) => id === "best");
    assert.deepEqual(summary!.members, ["best,seed=1", "best,seed=2"]);
    const { mean, deviation, count } = summary!.stages.find(({ name }) => name === "again")!.metrics["loss"]!;
    const [first, second] = rest.map((member) => {
      const stage = member.stages.find(({ name, kind }) => kind === "evaluate" && name === "again");
      return stage?.kind === "evaluate" ? stage.metrics["loss"]! : NaN;
    });
    assert.ok(Math.abs(mean - (first! + second!) / 2) < 1e-12 && count === 2);
    assert.ok(Math.abs(deviation - Math.abs(first! - second!) / Math.SQRT2) < 1e-12 && deviation > 0);
    const { code, stderr, stdout } = await scene.run();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /best {2}.*± /);
  }));

Deno.test("halving stops weak members early and continues with the last remaining one", () =>
  inScene({
    ...searched,
    stages: `(() => {
      const found = best(evaluate(tuned, { data: heldOut, metrics, decoding }), halving({ by: loss(), rounds: 2, keep: 0.25 }));
      return { test: evaluate(found, { data: heldOut, metrics }) };
    })()`,
  }, async (scene) => {
    const { members } = await resultsOf(scene);
    const first = members.filter(({ id }) => id.startsWith("round=1,")),
      second = members.filter(({ id }) => id.startsWith("round=2,"));
    assert.deepEqual([first.length, second.length, members.length], [4, 1, 6]);
    assert.deepEqual(first.map((member) => trainingOf(member).steps), [4, 4, 4, 4]);
    assert.deepEqual(second.map((member) => trainingOf(member).steps), [16]);
    const winner = first.reduce((best, each) => lossOf(each) < lossOf(best) ? each : best);
    assert.deepEqual(axesOf(second[0]!), axesOf(winner));
    const last = members.at(-1)!;
    assert.deepEqual([last.id, lossOf(last)], ["best", lossOf(second[0]!)]);
    assert.ok(trainingOf(last).cached);
  }));

Deno.test("the best of one member is that member", () =>
  inScene({
    ...searched,
    rank: "2",
    optimizer: "adamw({ learningRate: 3e-2 })",
    stages: `(() => {
      const validation = evaluate(tuned, { data: heldOut, metrics, decoding });
      return { validation, test: evaluate(best(validation, loss()), { data: heldOut, metrics, decoding }) };
    })()`,
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const [candidate, chosen] = (await resultsOf(scene)).members;
    assert.deepEqual([candidate!.id, chosen!.id], ["main", "best"]);
    assert.equal(lossOf(chosen!), lossOf(candidate!));
  }));

Deno.test("problems with the stages after the best are reported before anything runs", () =>
  inScene({
    ...searched,
    stages: `(() => {
      const found = best(evaluate(tuned, { data: heldOut, metrics, decoding }), loss());
      return { test: evaluate(found, { data: records([{ q: "a" }], { prompt: "{q}", completion: "{nothing}" }), metrics }) };
    })()`,
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 2);
    assert.match(stderr, /the row has no field "nothing"/);
    assert.deepEqual([scene.written, scene.entries], [[], []]);
  }));
