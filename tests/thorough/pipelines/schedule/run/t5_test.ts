/** T5 edited in its encoder, its decoder, and both: trained, cached, scored, and its answers. @module */
import assert from "node:assert/strict";
import { savedForm } from "../../../../../pipelines/compile/lower/tensor_forms.ts";
import type { Adaptation } from "../../../../../pipelines/compile/lower/adaptation.ts";
import { editHook } from "../../../../../pipelines/compile/lower/edit_hook.ts";
import { activationsProgram } from "../../../../../pipelines/compile/programs/activations_program.ts";
import { exampleFeeds } from "../../../../../pipelines/compile/rows/feeds.ts";
import { layOut } from "../../../../../pipelines/compile/rows/laid_out_rows.ts";
import { readTensors } from "../../../../../pipelines/compile/parameters/initial.ts";
import { wholeRows } from "../../../../../pipelines/compile/rows/layout.ts";
import { lowerDescription, readDescription } from "../../../../../pipelines/compile/parameters/intervention_file.ts";
import { tokenizePrompt } from "../../../../../pipelines/data/examples.ts";
import { argmax } from "../../../../../pipelines/common/argmax.ts";
import { editedModel, openModel } from "../../../../../pipelines/models/open/model.ts";
import { readHeader, readTensor } from "../../../../../pipelines/models/weights/safetensors.ts";
import { Runtime } from "../../../../../pipelines/runtime/runtime.ts";
import { checkedAdaptation } from "../../../../../pipelines/schedule/validate/adaptation_checks.ts";
import { inProcess } from "../../../../support/command.ts";
import { type Scene, sceneRows } from "../../../../support/scene.ts";
import { inT5Scene, t5Parts, type T5Training } from "../../../../support/tiny_t5.ts";
import { openFolder, openProgram, weightsOf } from "../../../../pipelines/models/support_forward.ts";
import {
  assertClose,
  evaluationOf,
  lossesOf,
  predictionsOf,
  resultsOf,
  trainingOf,
} from "../../../../pipelines/schedule/support.ts";

const ofEncoder = 'loreft({ at: encoder.block([0, 1]).output, positions: "f1+l2", rank: 2 })';
const ofDecoder = 'loreft({ at: decoder.block(1).output, positions: "all", rank: 2 })';
const both = `${ofEncoder}, ${ofDecoder}`;
const adapters = 'lora({ modules: ["q", "EncDecAttention.v", "wo"], rank: 2, dropout: 0.2 })';
/** One edit each. */
const places = [
  ofEncoder,
  ofDecoder,
  'loreft({ at: decoder.block(0).output, positions: "f1", rank: 2 })',
  'loreft({ at: decoder.block(2).crossAttention.key, positions: "{q}", rank: 2 })',
  'loreft({ at: decoder.block(2).crossAttention.head(1).output, positions: "generated", rank: 2 })',
  'loreft({ at: encoder.finalNorm.output, positions: "all", rank: 2 })',
  'loreft({ at: decoder.finalNorm.output, positions: "all", rank: 2 })',
  'loreft({ at: encoder.embedding.output, positions: "l1", rank: 2 })',
  'loreft({ at: decoder.embedding.output, positions: "completion", rank: 2 })',
];

/** What a run gives whose only member trains and is evaluated. */
async function outcomeOf(training: T5Training) {
  let found: { losses: readonly number[]; answers: readonly string[] } | undefined;
  await inT5Scene(t5Parts(training), async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const { predictions } = evaluationOf(member!);
    const answers = predictionsOf(await Deno.readTextFile(scene.path("out", predictions)));
    found = { losses: trainingOf(member!).losses, answers };
  });
  return found!;
}

for (
  const [what, declared] of [
    ["each place alone", `sweep("place", [${places.join(", ")}])`],
    ["both stacks", both],
  ] as const
) {
  Deno.test(`a first step's loss is the evaluation's, and neither rows beside it nor padding change it: ${what}`, () => {
    const settings = { learningRate: "0", settings: "batchSize: 8, epochs: 1", evaluation: "batchSize: 1" };
    return inT5Scene(t5Parts({ edits: declared, ...settings }), async (scene) => {
      const { members } = await resultsOf(scene);
      assert.equal(members.length, declared === both ? 1 : places.length);
      const found = members.map((member) => trainingOf(member).losses[0]!);
      assertClose(found, members.map((member) => evaluationOf(member).metrics["loss"]!), 3e-6);
      assert.equal(new Set(found).size, found.length);
    });
  });
}

for (const declared of [both, adapters]) {
  Deno.test(`losses fall, and answers do not depend on the rows that run together: ${declared}`, async () => {
    const training = { edits: declared, learningRate: "4e-2", settings: "batchSize: 8, epochs: 12" };
    const alone = await outcomeOf({ ...training, evaluation: "batchSize: 1" });
    const together = await outcomeOf({ ...training, evaluation: "batchSize: 8" });
    assert.ok(alone.losses.at(-1)! < 0.8 * alone.losses[0]!, `${alone.losses}`);
    assert.deepEqual(together.answers, alone.answers);
    assert.ok(new Set(alone.answers).size > 1);
  });
}

for (const decoding of ["sample({ maxNewTokens: 6, temperature: 2 })", "beam({ maxNewTokens: 6, beams: 3 })"]) {
  Deno.test(`${decoding} writes a row as in any batch`, async () => {
    const training = { edits: both, settings: "batchSize: 8, epochs: 2" };
    const alone = await outcomeOf({ ...training, evaluation: `decoding: ${decoding}, batchSize: 1` });
    const together = await outcomeOf({ ...training, evaluation: `decoding: ${decoding}, batchSize: 8` });
    assert.deepEqual(together.answers, alone.answers);
    assert.ok(new Set(alone.answers).size > 1);
  });
}

/** The answers that running the whole decoder over all that is written gives, token by token. */
async function wholeGreedily(scene: Scene, folder: string, most: number): Promise<string[]> {
  const opened = await openModel(scene.path("model"), { base: scene.folder });
  const { architecture, tokenizer } = opened;
  const pieces: readonly Adaptation[] = lowerDescription(
    await readDescription(folder),
    editedModel(opened),
    checkedAdaptation,
  ).map((piece, index) => ({ index, ...piece }));
  const layout = wholeRows(architecture, pieces);
  const model = await openFolder(scene.path("model"));
  const tensors = await readTensors(`${folder}/weights.safetensors`, pieces);
  using runtime = new Runtime({ threads: 1 });
  const program = activationsProgram({
    architecture,
    layout,
    weights: weightsOf(model),
    sites: [],
    hiddenStates: false,
    logits: true,
    edit: (atTokens) => editHook(pieces, savedForm, atTokens),
  });
  const session = await openProgram(runtime, model, program);
  const answers: string[] = [];
  for (const { q } of sceneRows) {
    const text = `${q}\n`, prompt = tokenizePrompt({ text, spans: {}, fields: {} }, tokenizer), written: number[] = [];
    while (written.length < most) {
      // What follows what was written is only predicted.
      const row = layOut({ ...prompt, completion: [...written, tokenizer.eosTokenId] }, layout);
      const feeds = { ...exampleFeeds([row], layout, architecture, pieces), ...structuredClone(tensors) };
      const { data, shape } = (await session.run(feeds)).outputs["logits"]!;
      const token = argmax((data as Float32Array).subarray(data.length - shape[2]!));
      if (tokenizer.eosTokenIds.includes(token)) break;
      written.push(token);
    }
    answers.push(tokenizer.decode(written, { skipSpecialTokens: true }));
  }
  return answers;
}

Deno.test("greedy decoding writes what whole passes over all that is written do, and a second run takes all from the store", () =>
  inT5Scene(t5Parts({ edits: both, settings: "epochs: 3" }), async (scene) => {
    const { members: [member], encode } = await resultsOf(scene);
    const { predictions } = evaluationOf(member!), file = scene.path("out", predictions);
    const answers = predictionsOf(await Deno.readTextFile(file));
    assert.ok(new Set(answers).size > 1);
    assert.deepEqual(answers, await wholeGreedily(scene, scene.path("out", "members", "main", "intervention"), 6));
    assert.deepEqual([...member!.stages, ...encode].filter(({ cached }) => cached), []);
    const exported = await inProcess("export", scene.path("out"), "--to", "pyreft", "--out", scene.path("pyreft"));
    assert.equal(exported.code, 2);
    assert.match(exported.stderr, /a pyreft folder cannot hold an edit of encoder\.block\.output/);
    const whole = await inProcess("export", scene.path("out"), "--to", "onnx", "--out", scene.path("onnx"));
    assert.equal(whole.code, 2);
    assert.match(
      whole.stderr,
      /: the t5 model has an encoder and a decoder, but an export to ONNX holds one stack/,
    );
    const { members: [again] } = await resultsOf(scene);
    assert.deepEqual(again!.stages.map(({ cached }) => cached), [true, true]);
    assert.deepEqual(predictionsOf(await Deno.readTextFile(file)), answers);
  }));

Deno.test("edits of the decoder train side by side as they train alone, over an encoder that ran once", async () => {
  const sweeping = (ranks: string) => ({
    edits: `loreft({ at: decoder.block(1).output, positions: "all", rank: sweep("rank", ${ranks}) })`,
  });
  const runs: (readonly (readonly number[])[])[] = [];
  for (const ranks of ["[1, 2, 3]", "[1]", "[3]"]) {
    await inT5Scene(t5Parts(sweeping(ranks)), async (scene) => {
      const results = await resultsOf(scene);
      assert.ok(results.encode.some(({ examples }) => examples === sceneRows.length));
      runs.push(lossesOf(results));
    });
  }
  const [beside, first, third] = runs;
  assert.equal(beside!.length, 3);
  assertClose(beside![0]!, first![0]!, 1e-6);
  assertClose(beside![2]!, third![0]!, 1e-6);
});

for (
  const [declared, message] of [
    ['loreft({ at: block(0).output, positions: "l1", rank: 2 })', /has an encoder and a decoder; choose one/],
    [
      'loreft({ at: encoder.block(2).output, positions: "l1", rank: 2 })',
      /block 2 does not exist; the model has blocks 0 to 1/,
    ],
    [
      'loreft({ at: decoder.block(2).output, positions: "l1", rank: 2 })',
      /"l1" are the prompt's, which the decoder does not/,
    ],
    ["loreft({ at: decoder.block(2).output, positions: () => [0], rank: 2 })", /by a function are the prompt's/],
    ["refract.prefixTuning({ tokens: 2 })", /prefixTuning needs a model with one stack/],
    ['lora({ rank: 2, modules: ["q_proj"] })', /no module of the model is named "q_proj"/],
  ] as const
) {
  Deno.test(`what a model of two stacks has no place for is refused: ${declared}`, () =>
    inT5Scene(t5Parts({ edits: declared }), async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.match(stderr, /pipeline\.ts:\d+/);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    }));
}

Deno.test("activations keep an encoder's tokens, and what its decoder makes of the token that it starts with", () =>
  inT5Scene({
    ...t5Parts({ edits: "[]" }),
    stages: `{
      states: refract.activations(base, { data: rows, logits: true }),
      probe: refract.activations(base, {
        data: rows,
        positions: "l1",
        sites: [encoder.embedding.output, encoder.block("all").output, decoder.block(2).crossAttention.head(1).output],
      }),
      edited: refract.activations(
        train(base.with(${both}), { data: rows, epochs: 2, batchSize, optimizer }),
        { data: rows },
      ),
    }`,
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const opened = async (name: string) => {
      const { tensors } = await readHeader(scene.path("out", `members/main/${name}.safetensors`));
      return {
        shapes: Object.fromEntries([...tensors].map(([tensor, { shape }]) => [tensor, shape])),
        read: (tensor: string) => readTensor(tensors.get(tensor)!),
      };
    };
    const states = await opened("states"), [rows, length] = states.shapes["input_ids"]!;
    const kept = ["input_ids", "attention_mask", "positions"].map((name) => [name, [rows, length]]);
    const ofEncoder = [0, 1, 2].map((index) => [`encoder_hidden_states.${index}`, [rows, length, 16]]);
    const ofDecoder = [0, 1, 2, 3].map((index) => [`decoder_hidden_states.${index}`, [rows, 1, 16]]);
    assert.deepEqual(
      states.shapes,
      Object.fromEntries([...kept, ...ofEncoder, ...ofDecoder, ["logits", [rows, 1, 512]]]),
    );
    const { shapes } = await opened("probe");
    assert.deepEqual(shapes["encoder.embedding.output"], [rows, 1, 16]);
    assert.deepEqual(shapes["encoder.block.1.output"], [rows, 1, 16]);
    assert.deepEqual(shapes["decoder.block.2.crossAttention.head.1.output"], [rows, 1, 6]);
    const edited = await opened("edited");
    for (const name of ["encoder_hidden_states.2", "decoder_hidden_states.3"]) {
      const [before, after] = [await states.read(name), await edited.read(name)];
      assert.ok(before.some((each, at) => Math.abs(each - after[at]!) > 1e-3), name);
    }
    assert.deepEqual(await edited.read("encoder_hidden_states.0"), await states.read("encoder_hidden_states.0"));
  }));

Deno.test("a base of two stacks in 8 bits trains and is read nearly as the whole one is", async () => {
  const found: { readonly losses: readonly number[]; readonly states: Float32Array }[] = [];
  for (const source of ['"./model"', '"./model", { quantize: "q8" }']) {
    const stages = `{
      tuned: train(base.with(${both}), { data: rows, epochs: 2, batchSize, optimizer }),
      states: refract.activations(base, { data: rows }),
    }`;
    await inT5Scene({ ...t5Parts({ edits: both }), stages, source }, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 0, stderr);
      const { tensors } = await readHeader(scene.path("out", "members/main/states.safetensors"));
      const states = await readTensor(tensors.get("encoder_hidden_states.2")!);
      found.push({ losses: lossesOf(await resultsOf(scene))[0]!, states });
    });
  }
  const [whole, rounded] = found;
  assertClose(rounded!.losses, whole!.losses, 0.1);
  assert.notDeepEqual(rounded!.losses, whole!.losses);
  assert.notDeepEqual(rounded!.states, whole!.states);
});
