/** A folder with everything that commands work on, created once and restored before each attempt. @module */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { treeOf } from "../../support/command.ts";
import { type Files, Hub, writer } from "../../support/hub.ts";
import { completion, withEndpoint } from "../../support/judge_server.ts";

const pipelineOf = (edit: string) => `
import { adamw, baseModel, block, evaluate, exactMatch, fullFinetuning, greedy, lora, loreft, pipeline, records, train } from ${
  JSON.stringify(new URL("../../../mod.ts", import.meta.url))
};
const rows = records([{ a: "the cat", b: " sat" }, { a: "a dog", b: " ran" }], { prompt: "{a}", completion: "{b}" });
export default pipeline("p", () => ({ tuned: evaluate(
  train(baseModel("builtin:tiny").with(${edit}), { data: rows, epochs: 2, batchSize: 1, optimizer: adamw({ learningRate: 1e-3 }) }),
  { data: rows, decoding: greedy({ maxNewTokens: 2 }), metrics: [exactMatch()] }) }));
`;

/** A command, and the files that it leaves, which have to be the same whatever happened before. */
export interface Attempted {
  readonly args: readonly string[];
  /** Paths in the folder. */
  readonly leaves: readonly string[];
  /** The hub's repository that it writes, instead of files. */
  readonly writes?: string;
  /** Whether it finds the hub, or its store, by its process's environment and folder. */
  readonly isOfProcess?: true;
}

/** What commands use outside the folder. */
export interface Services {
  readonly hub: Hub;
  /** The address of a judge. */
  readonly judge: string;
}

const builtin = fileURLToPath(new URL("../../../pipelines/models/builtin/tiny/", import.meta.url)),
  golden = fileURLToPath(new URL("../../goldens/gguf/llama.gguf", import.meta.url));

/** Serves a hub and a judge while a function runs. */
export async function withServices<T>(use: (services: Services) => Promise<T>): Promise<T> {
  const files = (names: readonly string[], folder: string): Files =>
    Object.fromEntries(names.map((name) => [name, Deno.readFileSync(join(folder, name))]));
  const model = files(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"], builtin);
  const hub = new Hub({ "owner/model": { files: model } });
  try {
    const judge = () => completion("m", [["m", Math.log(0.9)], ["M", Math.log(0.1)]]);
    return await withEndpoint(judge, (address) => use({ hub, judge: address }));
  } finally {
    await hub.close();
  }
}

/** The environment variables with the services' addresses. */
export function environmentOf(root: string, { hub }: Services): Readonly<Record<string, string>> {
  return { HF_HUB_CACHE: join(root, "hub"), HF_ENDPOINT: hub.endpoint, HF_TOKEN: writer };
}

/** Every command that changes files, by name. Paths are in the folder `root`. */
export function commandsIn(root: string, { judge }: Services): Readonly<Record<string, Attempted>> {
  const store = ["--store", join(root, "store")], fresh = ["--store", join(root, "fresh")];
  const at = (name: string) => join(root, name), into = (name: string) => ["--out", join(root, name)];
  const exported = (from: string, form: string, name: string): Attempted => {
    return { args: ["export", at(from), "--to", form, ...into(name)], leaves: [name], isOfProcess: true };
  };
  return {
    run: { args: ["run", at("loreft.ts"), ...into("new"), ...fresh, "--threads", "1"], leaves: ["new"] },
    "run again": { args: ["run", at("loreft.ts"), ...into("edited"), ...store, "--threads", "1"], leaves: ["edited"] },
    plan: { args: ["plan", at("loreft.ts"), ...fresh], leaves: [] },
    rows: { args: ["rows", at("loreft.ts"), ...fresh], leaves: [] },
    workflow: {
      args: ["workflow", at("loreft.ts"), "--to", "snakemake", ...into("flow"), ...fresh],
      leaves: [],
    },
    "a unit that trains": {
      args: ["unit", at("begun/plan.json"), "train-1", "--store", at("begun-store")],
      leaves: [],
    },
    "the last unit": {
      args: ["unit", at("units/plan.json"), "report", "--store", at("units-store")],
      leaves: ["units/run"],
    },
    activations: {
      args: ["activations", "builtin:tiny", "--text", "the cat", "--out", at("a.safetensors"), ...fresh],
      leaves: ["a.safetensors"],
    },
    "activations of a GGUF file": {
      args: ["activations", at("model.gguf"), "--text", "the cat", "--out", at("a.safetensors"), ...fresh],
      leaves: ["a.safetensors"],
    },
    "activations of a hub's model": {
      args: ["activations", "owner/model", "--text", "the cat", "--out", at("a.safetensors"), ...fresh],
      leaves: ["a.safetensors", "hub"],
      isOfProcess: true,
    },
    "export to pyreft": exported("edited", "pyreft", "pyreft"),
    "export to onnx": exported("edited", "onnx", "onnx"),
    "export to a folder that is there": exported("edited", "onnx", "empty"),
    "export to peft": exported("adapted", "peft", "peft"),
    "export to gguf": exported("adapted", "gguf", "adapter.gguf"),
    merge: { args: ["merge", at("adapted"), ...into("merged")], leaves: ["merged"], isOfProcess: true },
    "merge into a folder that is there": {
      args: ["merge", at("adapted"), ...into("empty")],
      leaves: ["empty"],
      isOfProcess: true,
    },
    import: {
      args: ["import", at("exported"), "--model", "builtin:tiny", "--positions", "l1", ...into("imported")],
      leaves: ["imported"],
      isOfProcess: true,
    },
    report: { args: ["report", at("edited")], leaves: ["edited"] },
    new: { args: ["new", at("mine")], leaves: ["mine"] },
    push: { args: ["push", at("edited"), "owner/pushed"], leaves: [], writes: "owner/pushed" },
    pull: { args: ["pull", "owner/pulled", ...into("pulled")], leaves: ["pulled", "hub"] },
    judge: {
      args: [
        ...["judge", at("answers.json"), "--against", at("reference.json"), "--endpoint", judge, "--model", "judge"],
        ...["--yes", ...into("judged"), ...fresh],
      ],
      leaves: ["judged"],
    },
    "cache gc": { args: ["cache", "gc", "--all", ...store], leaves: [] },
  };
}

/** Makes the folder. @param run Runs a command to its end. */
export async function makeWorkplace(root: string, run: (args: readonly string[]) => Promise<void>): Promise<void> {
  await Deno.mkdir(join(root, "empty"), { recursive: true });
  const edits = {
    loreft: 'loreft({ at: block(1).output, positions: "l1", rank: 1 })',
    lora: 'lora({ rank: 1, modules: ["q_proj"] })',
    whole: "fullFinetuning()",
  };
  for (const [name, edit] of Object.entries(edits)) {
    await Deno.writeTextFile(join(root, `${name}.ts`), pipelineOf(edit));
  }
  const store = ["--store", join(root, "store"), "--threads", "1"];
  await run(["run", join(root, "loreft.ts"), "--out", join(root, "edited"), ...store]);
  await run(["run", join(root, "lora.ts"), "--out", join(root, "adapted"), ...store]);
  await run(["run", join(root, "whole.ts"), "--out", join(root, "whole"), ...store]);
  await run(["export", join(root, "edited"), "--to", "pyreft", "--out", join(root, "exported")]);
  await run(["push", join(root, "edited"), "owner/pulled"]);
  const units = { begun: ["encode-1"], units: ["encode-1", "train-1", "evaluate-1"] };
  for (const [name, done] of Object.entries(units)) {
    const flow = join(root, name), store = ["--store", `${flow}-store`];
    await run(["workflow", join(root, "loreft.ts"), "--to", "snakemake", "--out", flow, ...store]);
    for (const unit of done) await run(["unit", join(flow, "plan.json"), unit, ...store]);
  }
  await Deno.copyFile(golden, join(root, "model.gguf"));
  for (const [name, output] of [["answers", "good"], ["reference", "bad"]]) {
    const answers = ["one", "two", "three"].map((instruction) => ({ instruction, output }));
    await Deno.writeTextFile(join(root, `${name}.json`), JSON.stringify(answers));
  }
}

/** Restores a folder to a copy of another. */
export async function putBack(from: string, to: string): Promise<void> {
  await Deno.remove(to, { recursive: true }).catch(() => {});
  const { success, stderr } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const temporary = /\.tmp\/?$|\.incomplete$|\/\.probe-|^\.probe-/;

/** Partly written files below a folder. */
export function temporariesIn(root: string): string[] {
  return treeOf(root).filter((path) => temporary.test(path));
}

/** Makes partly written files look several minutes old: otherwise they could belong to a living process. */
export function letAge(root: string): void {
  const before = new Date(Date.now() - 300_000);
  for (const path of temporariesIn(root)) Deno.utimeSync(join(root, path), before, before);
}
