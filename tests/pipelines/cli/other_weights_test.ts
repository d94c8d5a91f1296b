/** Interventions that are used with other weights than they were trained with. @module */
import assert from "node:assert/strict";
import { baseModel, generate, saved } from "../../../mod.ts";
import { inProcess, inProcessWith } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";
import { writeTinyModel } from "../../support/tiny_model.ts";

/** A pipeline that evaluates the trained intervention. */
const again = `
import { baseModel, evaluate, exactMatch, greedy, jsonl, pipeline, saved } from "refract";
export default pipeline("again", () => {
  const model = baseModel("./model").with(saved("./out/members/main/intervention"));
  const data = jsonl("./rows.jsonl", { prompt: "{q}", completion: " {a}" });
  const of = { data, metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 2 }) };
  return { first: evaluate(model, of), second: evaluate(model, { ...of, decoding: greedy({ maxNewTokens: 3 }) }) };
});
`;

type Use = (scene: Scene) => Promise<string>;

/** What each use says on stderr. */
const uses: Readonly<Record<string, Use>> = {
  async run(scene) {
    await scene.write("again.ts", again);
    const places = ["--store", scene.path("store"), "--out", scene.path("again"), "--threads", "1"];
    return (await inProcess("run", scene.path("again.ts"), ...places)).stderr;
  },
  async chat(scene) {
    return (await inProcessWith(["The cat"], "chat", scene.path("out"), "--store", scene.path("store"))).stderr;
  },
  async merge(scene) {
    return (await inProcess("merge", scene.path("out"), "--out", scene.path("merged"))).stderr;
  },
  async "export to ONNX"(scene) {
    return (await inProcess("export", scene.path("out"), "--to", "onnx", "--out", scene.path("onnx"))).stderr;
  },
  async generate(scene) {
    const model = baseModel(scene.path("model")).with(saved(scene.path("out/members/main/intervention")));
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    await generate(model, "The cat", { store: scene.path("store"), threads: 1, plain: true, onNote });
    return notes.join("\n");
  },
};

/** An edit that can be merged. */
const parts = { edit: '...(() => [lora({ blocks: "all", modules: ["q_proj"], rank: 2 })])' };
const finding =
  /^(?:note: )?\S.*intervention\.json: it was trained with other weights .*, so its answers may differ$/gm;

for (const [name, use] of Object.entries(uses)) {
  Deno.test(`${name} reports, once, that an intervention was trained with other weights`, () =>
    inScene(parts, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      assert.doesNotMatch(await use(scene), /other weights/);
      await Deno.remove(scene.path("merged"), { recursive: true }).catch(() => {});
      await writeTinyModel(scene.path("model"), { seed: 2 });
      const said = await use(scene);
      assert.equal(said.match(finding)?.length, 1, said);
    }));
}
