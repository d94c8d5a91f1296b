/** The answers of several evaluations and members in one engine are those of each alone, in its own run. @module */
import assert from "node:assert/strict";
import { inScene, type PipelineParts, pipelineText, type Scene, sceneRows } from "../../../../support/scene.ts";
import { resultsOf } from "../../../../pipelines/schedule/support.ts";

/** Rows of unlike length. */
const long = sceneRows.map(({ q, a }, at) => ({ q: `${q} `.repeat(1 + 3 * (at % 4)), a }));

const edits: Readonly<Record<string, string>> = {
  "edits of the prompt": "loreft({ at, positions, rank })",
  "LoRA of the prompt": 'lora({ rank, positions: "prompt" })',
  "LoRA of all tokens": "lora({ rank })",
  "prefix tuning": "refract.prefixTuning({ tokens: rank })",
};

/** Answers of so many tokens that the room for their keys and values grows several times. */
const decodings: Readonly<Record<string, string>> = {
  "greedy decoding": "greedy({ maxNewTokens: 90, noRepeatNgramSize: 2 })",
  "sampling": "sample({ maxNewTokens: 90, topK: 50 })",
  "beam search": "beam({ maxNewTokens: 80, beams: 3, noRepeatNgramSize: 3 })",
  "sampled beams": "refract.beamSample({ maxNewTokens: 80, beams: 2 })",
};

/** The predictions files of each member by stage. */
async function answersOf(scene: Scene, out: string, ...options: readonly string[]) {
  const { members } = await resultsOf(
    scene,
    "--store",
    scene.path(`store ${out}`),
    "--out",
    scene.path(out),
    ...options,
  );
  return await Promise.all(members.map(async ({ stages }) => {
    const answered = stages.flatMap((stage) => stage.kind === "evaluate" ? [stage] : []);
    const texts = answered.map(({ predictions }) => Deno.readTextFile(scene.path(out, predictions)));
    return new Map((await Promise.all(texts)).map((text, at) => [answered[at]!.name, text]));
  }));
}

const evaluated = (model: string, data: string, more = "") => {
  return `evaluate(${model}, { data: ${data}, metrics, decoding${more} })`;
};

for (const [what, edit] of Object.entries(edits)) {
  for (const [how, decoding] of Object.entries(decodings)) {
    const parts: Partial<PipelineParts> = {
      preamble: `const long = records(${JSON.stringify(long)}, template);`,
      edit: `((_) => ${edit})`,
      rank: 'sweep("rank", [1, 2, 3])',
      optimizer: "adamw({ learningRate: 0.1 })",
      decoding,
      stages: `{ one: ${evaluated("tuned", "long")}, other: ${evaluated("tuned", "held")}, plain: ${
        evaluated("base", "long")
      } }`,
    };
    Deno.test(`answers of ${what} by ${how} are the same alone as among those of others`, () =>
      inScene(parts, async (scene) => {
        const together = await answersOf(scene, "together"), names = ["one", "other", "plain"];
        assert.equal(new Set(together.map((answers) => answers.get("one"))).size, 3, "each member has its own answers");
        for (const [name, data] of [["one", "long"], ["other", "held"]] as const) {
          const stages = `{ ${name}: ${evaluated("tuned", data, ", batchSize: 1")} }`;
          await scene.write("pipeline.ts", pipelineText({ ...parts, stages }));
          const [alone] = await answersOf(scene, name, "--set", "rank=2");
          assert.equal(alone!.get(name), together[1]!.get(name));
        }
        assert.deepEqual([...together[1]!.keys()], names);
      }, { config: { max_position_embeddings: 256 } }));
  }
}
