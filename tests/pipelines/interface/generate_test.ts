/** generate(), called from a program. */
import assert from "node:assert/strict";
import { baseModel, block, generate, greedy, loreft, run, sample, saved, sweep } from "../../../mod.ts";
import { inScene, type Scene } from "../../support/scene.ts";

const decoding = greedy({ maxNewTokens: 3 });
const optionsOf = (scene: Scene) => ({ store: scene.path("store"), base: scene.folder, threads: 1 });

Deno.test("generate() returns the evaluation's prediction, for a member and for a model with its edit", () =>
  inScene({ epochs: "8" }, async (scene) => {
    const { members: [member] } = await run(scene.pipeline, { ...optionsOf(scene), out: scene.path("out") }).result;
    const options = { ...optionsOf(scene), decoding };
    const tuned = baseModel("./model").with(saved("./out/members/main/intervention"));
    for (const { prompt, prediction } of (await member!.predictions()).slice(0, 3)) {
      assert.equal(await generate(member!, prompt, options), prediction);
      assert.equal(await generate(tuned, prompt, options), prediction);
    }
    const [first] = await member!.predictions(), { prompt } = first!;
    const notes: string[] = [], onNote = (note: string) => notes.push(note);
    const untrained = baseModel("./model").with(loreft({ at: block(1).output, positions: "l1", rank: 2 }));
    for (const asked of [tuned, untrained]) await generate(asked, prompt, { ...options, onNote });
    assert.deepEqual(notes, ["the model has untrained edits; give a run's member, or saved(folder)"]);
    const drawn = await Promise.all([1, 2].map(() => {
      return generate(tuned, prompt, { ...options, decoding: sample({ maxNewTokens: 8, seed: 7 }) });
    }));
    assert.equal(drawn[0], drawn[1], "samples depend only on the seed");
  }));

Deno.test("generate() stops with the signal's reason, before it begins and while it works", () =>
  inScene({}, async (scene) => {
    const stopping = new AbortController(), reason = new Error("the visitor left"), { signal } = stopping;
    const isReason = (fault: unknown) => fault === reason;
    const positions = () => {
      stopping.abort(reason);
      return [0];
    };
    const model = baseModel("./model").with(loreft({ at: block(1).output, positions, rank: 2 }));
    const options = { ...optionsOf(scene), decoding, onNote: () => {} };
    await assert.rejects(generate(model, "a b", { ...options, signal }), isReason);
    await assert.rejects(generate(baseModel("./model"), "a b", { ...options, signal }), isReason);
    const unused = new AbortController();
    assert.equal(typeof await generate(model, "a b", { ...options, signal: unused.signal }), "string");
  }));

Deno.test("invalid requests are refused in one line", () =>
  inScene({}, async (scene) => {
    const options = optionsOf(scene), model = baseModel("./model");
    const swept = model.with(loreft({ at: block(1).output, positions: "l1", rank: sweep("rank", [1, 2]) }));
    await assert.rejects(generate(swept, "a", options), /the model has several values of rank; give it one of them/);
    const wrong = model.with(loreft({ at: block(1).output, positions: "l1", rank: 0 }));
    await assert.rejects(generate(wrong, "a", options), /rank is 0; give a whole number from 1 to the/);
    await assert.rejects(
      generate(model, "a", { ...options, decoding: greedy({ maxNewTokens: 0 }) }),
      /maxNewTokens is 0/,
    );
    await assert.rejects(
      generate(model, "a b ".repeat(3000), options),
      /tokens, but the model reads 1 to \d+; change it/,
    );
    await assert.rejects(generate(model, [{ role: "user", content: "a" }], options), /has no chat template for a conv/);
    // @ts-expect-error: a list instead of fields by name.
    const listed: Parameters<typeof generate>[2] = { fields: ["q"] };
    await assert.rejects(generate(model, "a", listed), /fields is a list; give fields by name, as in \{ question/);
    await assert.rejects(generate(baseModel("./none"), "a", options), /none/);
    // @ts-expect-error: a path is not a model.
    await assert.rejects(generate("./model", "a"), /the first argument of generate is "\.\/model"; give a model, or/);
  }));
