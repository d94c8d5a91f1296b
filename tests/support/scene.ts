/** A pipeline on disk with its model and data, for tests that run it and break one part of it. @module */
import { join } from "node:path";
import { inProcess, type Outcome, treeOf } from "./command.ts";
import { type TinyModelOptions, writeTinyModel } from "./tiny_model.ts";

/** The parts of the pipeline file's text, as TypeScript. */
export interface PipelineParts {
  readonly imports: string;
  /** Before the pipeline. */
  readonly preamble: string;
  readonly source: string;
  readonly edit: string;
  readonly at: string;
  readonly positions: string;
  readonly rank: string;
  /** More settings of the edit. */
  readonly editSettings: string;
  readonly data: string;
  readonly epochs: string;
  readonly batchSize: string;
  readonly optimizer: string;
  /** More settings of the training. */
  readonly trainSettings: string;
  readonly metrics: string;
  readonly decoding: string;
  /** The rows for evaluation. */
  readonly heldOut: string;
  readonly stages: string;
}

const usualParts: PipelineParts = {
  imports: `import * as refract from "refract";`,
  preamble: "",
  source: `"./model"`,
  edit: "loreft",
  at: "block(1).output",
  positions: `"l1"`,
  rank: "2",
  editSettings: "",
  data: "rows",
  epochs: "2",
  batchSize: "4",
  optimizer: "adamw({ learningRate: 1e-2 })",
  trainSettings: "",
  metrics: "[exactMatch()]",
  decoding: "greedy({ maxNewTokens: 3 })",
  heldOut: "held",
  stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding }) }",
};

/** The pipeline file's text, one part per line so that a test can name the line of an error. */
export function pipelineText(parts: Partial<PipelineParts> = {}): string {
  const all = { ...usualParts, ...parts };
  return `${all.imports}
const { accuracy, adamw, baseModel, block, choices, direft, evaluate, exactMatch, greedy, jsonl } = refract;
const { beam, bitfit, embedding, finalNorm, ia3, linearSchedule, lora, loreft, loss, red, sample, saved, pipeline, records, sweep, train } = refract;
const template = { prompt: "{q}\\n", completion: "{a}" }, rows = jsonl("./rows.jsonl", template), held = records(${
    JSON.stringify(heldOutRows)
  }, template);
${all.preamble}
export default pipeline("scene", () => {
  const base = baseModel(${all.source});
  const at = ${all.at};
  const positions = ${all.positions};
  const rank = ${all.rank};
  const edited = base.with(${all.edit}({ at, positions, rank, ${all.editSettings} }));
  const data = ${all.data};
  const epochs = ${all.epochs};
  const batchSize = ${all.batchSize};
  const optimizer = ${all.optimizer};
  const tuned = train(edited, { data, epochs, batchSize, optimizer, ${all.trainSettings} });
  const metrics = ${all.metrics};
  const decoding = ${all.decoding};
  const heldOut = ${all.heldOut};
  return ${all.stages};
});
`;
}

/** Held-out rows that are in no file. */
const heldOutRows = ["A cat", "The dog", "What is in the old house", "He"].map((q, at) => ({ q, a: "aeio"[at] }));

/** The line of a part in {@linkcode pipelineText}, if every part before it has one line. */
export const lineOf = { preamble: 5, at: 8, positions: 9, rank: 10 } as const;

/** The rows of rows.jsonl; their prompts differ in length. */
export const sceneRows: readonly { readonly q: string; readonly a: string; readonly options: readonly string[] }[] = [
  { q: "The cat", a: "sits", options: ["sits", "runs"] },
  { q: "A red bird over the old house", a: "flies", options: ["flies", "sleeps"] },
  { q: "Where is the dog", a: "home", options: ["home", "away"] },
  { q: "It is", a: "late", options: ["late", "early"] },
  { q: "Two and two and two make how many", a: "six", options: ["six", "four"] },
  { q: "Who lives in the little town", a: "Ann", options: ["Ann", "Bob"] },
  { q: "Water is", a: "wet", options: ["wet", "dry"] },
  { q: "What has the man in his hand", a: "a key", options: ["a key", "a cup"] },
];

/** A scene on disk. */
export class Scene {
  readonly folder: string;
  readonly pipeline: string;

  constructor(folder: string) {
    this.folder = folder;
    this.pipeline = join(folder, "pipeline.ts");
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Writes a file of the scene. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(this.path(name), bytes);
  }

  /** The options that keep a command's output within the scene. */
  get places(): readonly string[] {
    return ["--store", this.path("store"), "--out", this.path("out"), "--threads", "1"];
  }

  /** Runs the pipeline in this process. */
  run(...options: readonly string[]): Promise<Outcome> {
    return inProcess("run", this.pipeline, ...this.places, ...options);
  }

  /** Runs the run's manifest in this process, into the folder `again`. */
  repeat(): Promise<Outcome> {
    const places = ["--store", this.path("store"), "--out", this.path("again")];
    return inProcess("run", this.path("out", "manifest.yaml"), ...places);
  }

  /** The files of the run's folder. */
  get written(): readonly string[] {
    return this.filesOf("out");
  }

  /** The store's entries. */
  get entries(): readonly string[] {
    return this.filesOf("store").filter((path) => path.endsWith(".safetensors"));
  }

  /** The files below a folder of the scene; none if it does not exist. */
  filesOf(name: string): readonly string[] {
    try {
      return treeOf(this.path(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** Runs a test with a scene outside the repository: pipeline.ts, rows.jsonl and the model in `model/`. */
export async function inScene(
  parts: Partial<PipelineParts>,
  test: (scene: Scene) => Promise<void>,
  model: TinyModelOptions = {},
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract scene " }));
  try {
    const scene = new Scene(folder);
    await writeTinyModel(scene.path("model"), model);
    await scene.write("rows.jsonl", sceneRows.map((row) => JSON.stringify(row) + "\n").join(""));
    await scene.write("pipeline.ts", pipelineText(parts));
    await test(scene);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
