/** A folder with all that commands work on, made once and put back before each attempt. @module */
import { join } from "node:path";
import { treeOf } from "../../support/command.ts";

const pipelineOf = (edit: string) => `
import { adamw, baseModel, block, evaluate, exactMatch, greedy, lora, loreft, pipeline, records, train } from ${
  JSON.stringify(new URL("../../../mod.ts", import.meta.url))
};
const rows = records([{ a: "the cat", b: " sat" }, { a: "a dog", b: " ran" }], { prompt: "{a}", completion: "{b}" });
export default pipeline("p", () => ({ tuned: evaluate(
  train(baseModel("builtin:tiny").with(${edit}), { data: rows, epochs: 2, batchSize: 1, optimizer: adamw({ learningRate: 1e-3 }) }),
  { data: rows, decoding: greedy({ maxNewTokens: 2 }), metrics: [exactMatch()] }) }));
`;

/** A command, and what it leaves that has to be the same whatever happened before. */
export interface Attempted {
  readonly args: readonly string[];
  /** Paths in the folder. */
  readonly leaves: readonly string[];
}

/** Every command that changes files, by its name. Paths are in the folder `root`. */
export function commandsIn(root: string): Readonly<Record<string, Attempted>> {
  const store = ["--store", join(root, "store")], fresh = ["--store", join(root, "fresh")];
  const at = (name: string) => join(root, name), into = (name: string) => ["--out", join(root, name)];
  const exported = (from: string, form: string, name: string): Attempted => {
    return { args: ["export", at(from), "--to", form, ...into(name)], leaves: [name] };
  };
  return {
    run: { args: ["run", at("loreft.ts"), ...into("new"), ...fresh, "--threads", "1"], leaves: ["new"] },
    "run again": { args: ["run", at("loreft.ts"), ...into("edited"), ...store, "--threads", "1"], leaves: ["edited"] },
    plan: { args: ["plan", at("loreft.ts"), ...fresh], leaves: [] },
    activations: {
      args: ["activations", "builtin:tiny", "--text", "the cat", "--out", at("a.safetensors"), ...fresh],
      leaves: ["a.safetensors"],
    },
    "export to pyreft": exported("edited", "pyreft", "pyreft"),
    "export to onnx": exported("edited", "onnx", "onnx"),
    "export to a folder that is there": exported("edited", "onnx", "empty"),
    "export to peft": exported("adapted", "peft", "peft"),
    "export to gguf": exported("adapted", "gguf", "adapter.gguf"),
    merge: { args: ["merge", at("adapted"), ...into("merged")], leaves: ["merged"] },
    "merge into a folder that is there": { args: ["merge", at("adapted"), ...into("empty")], leaves: ["empty"] },
    import: {
      args: ["import", at("exported"), "--model", "builtin:tiny", "--positions", "l1", ...into("imported")],
      leaves: ["imported"],
    },
    report: { args: ["report", at("edited")], leaves: ["edited"] },
    new: { args: ["new", at("mine")], leaves: ["mine"] },
    "cache gc": { args: ["cache", "gc", "--all", ...store], leaves: [] },
    "cache verify": { args: ["cache", "verify", ...store], leaves: [] },
  };
}

/** Makes the folder. @param run Runs a command to its end. */
export async function makeWorkplace(root: string, run: (args: readonly string[]) => Promise<void>): Promise<void> {
  await Deno.mkdir(join(root, "empty"), { recursive: true });
  const edits = {
    loreft: 'loreft({ at: block(1).output, positions: "l1", rank: 1 })',
    lora: 'lora({ rank: 1, modules: ["q_proj"] })',
  };
  for (const [name, edit] of Object.entries(edits)) {
    await Deno.writeTextFile(join(root, `${name}.ts`), pipelineOf(edit));
  }
  const store = ["--store", join(root, "store"), "--threads", "1"];
  await run(["run", join(root, "loreft.ts"), "--out", join(root, "edited"), ...store]);
  await run(["run", join(root, "lora.ts"), "--out", join(root, "adapted"), ...store]);
  await run(["export", join(root, "edited"), "--to", "pyreft", "--out", join(root, "exported")]);
}

/** Puts a folder back to a copy of another. */
export async function putBack(from: string, to: string): Promise<void> {
  await Deno.remove(to, { recursive: true }).catch(() => {});
  const { success, stderr } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const temporary = /\.tmp\/?$|\.incomplete$|\/\.probe-|^\.probe-/;

/** What is left half written below a folder. */
export function temporariesIn(root: string): string[] {
  return treeOf(root).filter((path) => temporary.test(path));
}

/** Lets what is left half written look as if it had been left for some minutes: a living process would go on with it. */
export function letAge(root: string): void {
  const before = new Date(Date.now() - 300_000);
  for (const path of temporariesIn(root)) Deno.utimeSync(join(root, path), before, before);
}
