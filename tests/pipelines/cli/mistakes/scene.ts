/** A pipeline file with one mistake. @module */
import { join } from "node:path";
import { inProcess, type Outcome } from "../../../support/command.ts";
import { sceneRows } from "../../../support/scene.ts";
import { writeTinyModel } from "../../../support/tiny_model.ts";

/** The parts of the pipeline file's text, as TypeScript. */
export interface Parts {
  /** The whole file, instead of the parts. */
  readonly whole: string;
  /** Before the pipeline. */
  readonly pre: string;
  readonly template: string;
  readonly rows: string;
  readonly held: string;
  readonly base: string;
  readonly edit: string;
  readonly tuned: string;
  readonly result: string;
  /** After the builder. */
  readonly end: string;
}

const usual: Omit<Parts, "whole"> = {
  pre: "",
  template: `{ prompt: "{q}\\n", completion: "{a}" }`,
  rows: `jsonl("./rows.jsonl", template)`,
  held: `records([{ q: "He is", a: "ab" }, { q: "The dog", a: "aa" }], template)`,
  base: `baseModel("./model")`,
  edit: `loreft({ at: block(1).output, positions: "l1", rank: 2 })`,
  tuned: "train(base.with(edit), { data: rows, epochs: 1, batchSize: 4, optimizer })",
  result: "{ score: evaluate(tuned, { data: held, metrics: [loss()] }) }",
  end: "",
};

/** The pipeline file's text, one part per line. */
function textOf({ whole, ...parts }: Partial<Parts>): string {
  const all = { ...usual, ...parts };
  return whole ?? `import * as R from "refract";
const { accuracy, activations, adamw, baseModel, best, block, chat, choices, concat, evaluate, exactMatch } = R;
const { fromEnd, greedy, jsonl, linearSchedule, lora, loreft, loss, pipeline, records, repeat, saved } = R;
const { settings, sweep, train, tsv, where, zip } = R;
${all.pre}
export default pipeline("mistakes", () => {
  const template = ${all.template};
  const rows = ${all.rows};
  const held = ${all.held};
  const base = ${all.base};
  const edit = ${all.edit};
  const optimizer = adamw({ learningRate: 1e-3 }), decoding = greedy({ maxNewTokens: 4 });
  const tuned = ${all.tuned};
  return ${all.result};
}${all.end});
`;
}

/** A training with further settings. */
export const training = (settings: string): Partial<Parts> => ({
  tuned: `train(base.with(edit), { data: rows, epochs: 1, batchSize: 4, optimizer, ${settings} })`,
});
/** A training with other settings of its optimizer. */
export const optimizing = (settings: string): Partial<Parts> => ({
  tuned: `train(base.with(edit), { data: rows, epochs: 1, batchSize: 4, optimizer: adamw(${settings}) })`,
});
/** An evaluation with other settings. */
export const evaluating = (settings: string): Partial<Parts> => ({
  result: `{ score: evaluate(tuned, { data: held, ${settings} }) }`,
});
/** LoReFT with further settings. */
export const editing = (settings: string): Partial<Parts> => ({
  edit: `loreft({ at: block(1).output, positions: "l1", rank: 2, ${settings} })`,
});
/** Rows from another path. */
export const reading = (path: string): Partial<Parts> => ({ rows: `jsonl(${JSON.stringify(path)}, template)` });
/** A view of the rows. */
export const viewing = (view: string): Partial<Parts> => ({ rows: `jsonl("./rows.jsonl", template)${view}` });

/** The folder of all pipeline files with mistakes. */
export class MistakesFolder implements AsyncDisposable {
  readonly #folder: string;
  #made = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** A folder with a model, rows, a run of one member and one of two. */
  static async make(): Promise<MistakesFolder> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract mistakes " }));
    await writeTinyModel(join(folder, "model"), {});
    await Deno.writeTextFile(join(folder, "rows.jsonl"), sceneRows.map((row) => JSON.stringify(row) + "\n").join(""));
    for (const member of ["run/members/main", "sweep/members/rank=1", "sweep/members/rank=2"]) {
      await Deno.mkdir(join(folder, member, "intervention"), { recursive: true });
      await Deno.writeTextFile(join(folder, member, "intervention", "intervention.json"), "{}");
    }
    return new MistakesFolder(folder);
  }

  /** Plans or runs a pipeline, and replaces its path by `pipeline.ts` and the folder's by `.` in the output. */
  async plan(parts: Partial<Parts>, command: "plan" | "run" = "plan"): Promise<Outcome> {
    const name = `mistake${this.#made++}`, file = join(this.#folder, `${name}.ts`);
    await Deno.writeTextFile(file, textOf(parts));
    const out = command === "run" ? ["--out", join(this.#folder, name), "--threads", "1"] : [];
    const outcome = await inProcess(command, file, "--store", join(this.#folder, "store"), ...out);
    await Deno.remove(file);
    const stderr = outcome.stderr.replaceAll(file, "pipeline.ts").replaceAll(`${this.#folder}/`, "")
      .replaceAll(this.#folder, ".");
    return { ...outcome, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** A mistake: its name, the changed parts, and the expected error line, or all expected notes if it is legal. */
export type Mistake<L> = readonly [name: string, parts: Partial<Parts>, says: L];
