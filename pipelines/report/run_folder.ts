/**
 * What a run writes to disk: results, predictions, trained edits and the manifest. Every file appears completely or not
 * at all.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { system, type SystemFile } from "../common/system.ts";
import { RequestError } from "../common/errors.ts";
import { type Chunks, contentOf, requireWritable, unwritable, writeAtomically } from "../common/files.ts";
import { namesIn } from "../common/folder_names.ts";
import { innerPath, slashed } from "../common/inner_path.ts";
import { removeOwn } from "../common/leavings.ts";
import type { RowList } from "../common/row_list.ts";
import { fileList, formatFileList } from "../models/open/listed_files.ts";
import { writeSealed } from "../models/weights/safetensors_writer.ts";
import { type Head, headOf } from "../compile/lower/adaptation.ts";
import type { TensorMap } from "../compile/parameters/initial.ts";
import { withDigests } from "../compile/parameters/description_digest.ts";
import { describeAll, interventionFileNames } from "../compile/parameters/intervention_file.ts";
import type { Prediction } from "../metrics/prediction.ts";
import type { Results } from "../results/results.ts";
import { formatResults, resultsFile, type WrittenFiles } from "../results/read_results.ts";
import type { PreparedTraining } from "../schedule/prepare/prepared.ts";
import type { RunOutput } from "../schedule/run/run_output.ts";
import { liveFile } from "./live.ts";
import { manifestFile, pipelineFile } from "./manifest.ts";
import { removeRunTemporaries } from "../store/temporaries.ts";

const encoder = new TextEncoder();

/** What transformers' config.json says about a head: the names of its labels, and its problem type. */
interface HeadConfig {
  readonly names: readonly string[];
  readonly problem: string;
}

const headConfigs: { readonly [K in Head["kind"]]: (labels: readonly string[]) => HeadConfig } = {
  classification: (names) => ({ names, problem: "single_label_classification" }),
  regression: () => ({ names: ["LABEL_0"], problem: "regression" }),
  reward: () => ({ names: ["LABEL_0"], problem: "regression" }),
};

/**
 * Locks a folder with the operating system's lock, which ends with the process at the latest; `undefined` if there are
 * no locks.
 */
async function lockFolder(path: string): Promise<SystemFile | undefined> {
  let folder: SystemFile | undefined, isFree = true;
  try {
    folder = await system.open(path, { read: true });
    isFree = await folder.tryLock(true);
  } catch {
    // Some file systems cannot lock folders, and some have no locks.
  }
  if (isFree) return folder;
  folder?.close();
  throw new RequestError("another run is writing to it; wait until it ends or give --out another folder", {
    file: path,
  });
}

/** Files of which a run, even one that was killed, leaves one before it writes one of {@linkcode replaced}. */
const marks = [resultsFile, manifestFile, liveFile];

/** Files that a run writes and that may well be a person's own. */
const replaced = [pipelineFile, "report.html", "results.csv"];

/** Protects the files of a folder that is no run's, such as a project's own. */
async function requireNoOthers(folder: string): Promise<void> {
  const names = await namesIn(folder);
  if (marks.some((name) => names.includes(name))) return;
  const other = replaced.find((name) => names.includes(name));
  if (other === undefined) return;
  throw new RequestError(`is not a run folder and has a ${other}, which a run would replace; give --out a new folder`, {
    file: folder,
  });
}

/** A run folder. */
export class RunFolder implements RunOutput, Disposable {
  readonly path: string;
  /** The folder, locked for as long as a run writes to it. */
  #lock: SystemFile | undefined;
  /** Digests of what was written so far, by path. */
  readonly #written = new Map<string, string>();

  /** @param path Created when the first file is written. */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Creates the folder, so that a path that cannot be written is found before anything runs, and removes what a killed
   * run has left incomplete in it. No other run can write there until it is disposed of.
   *
   * @throws {DiskError} If it cannot be created.
   * @throws {RequestError} If another run is writing there, or it holds a file that no run wrote and this one would
   * replace.
   */
  async prepare(): Promise<void> {
    await this.#folder(".");
    this.#lock ??= await lockFolder(this.path);
    removeRunTemporaries(this.path);
    await requireNoOthers(this.path);
    await requireWritable(this.path);
  }

  [Symbol.dispose](): void {
    this.#lock?.close();
    this.#lock = undefined;
  }

  /** Digests of what was written so far. */
  get written(): WrittenFiles {
    return this.#written;
  }

  /** Writes results.json, with the digests of everything written before. */
  async results(results: Results): Promise<void> {
    const files = new Map([...this.#written].sort(([one], [other]) => (one < other ? -1 : 1)));
    await this.text(resultsFile, formatResults(results, files));
  }

  /** Writes a text file. */
  async text(path: string, content: string): Promise<void> {
    await this.bytes(path, encoder.encode(content));
  }

  /** Writes a file. */
  async bytes(path: string, content: Uint8Array): Promise<void> {
    await this.#write(path, [content]);
  }

  /** Copies a file. */
  async copy(path: string, source: string): Promise<void> {
    await this.#write(path, contentOf(source));
  }

  /** Writes a JSON document. */
  async document(path: string, value: unknown): Promise<void> {
    await this.text(path, JSON.stringify(value, null, 2) + "\n");
  }

  /** Writes predictions, one JSON object per line. */
  async predictions(path: string, predictions: RowList<Prediction>): Promise<void> {
    await this.#write(path, linesOf(predictions));
  }

  /**
   * Writes what a training learned to `members/<id>/<name>/`: an edit's tensors, or a whole model's folder.
   *
   * @returns The folder's path.
   */
  async trained(
    member: string,
    name: string,
    stage: PreparedTraining,
    tensors: TensorMap,
    baseWeights: string | undefined,
  ): Promise<string> {
    const folder = join("members", member, name);
    await this.#folder(folder);
    const file = stage.full === undefined ? interventionFileNames.tensors : "model.safetensors";
    const head = headOf(stage.adaptations), ofHead = `${head?.index}.`;
    const listed = Object.entries(tensors).map(([name, { data, shape }]) => ({
      // In a whole model's folder, the head's tensors have the names of the family's checkpoints.
      name: stage.full !== undefined && name.startsWith(ofHead) ? name.slice(ofHead.length) : name,
      shape,
      data: data as Float32Array,
    }));
    const digest = await writeSealed(join(this.path, folder, file), listed, { format: "pt" });
    if (stage.full === undefined) {
      const { quantize, adaptations, spec: { maxLength, truncate }, model: { name: base, architecture } } = stage;
      const cut = head === undefined || maxLength === undefined
        ? undefined
        : { maxLength, ...truncate === undefined ? {} : { truncate } };
      const description = describeAll({ base, width: architecture.width, baseWeights, cut, quantize }, adaptations);
      await this.text(join(folder, interventionFileNames.description), withDigests(description, digest));
    } else {
      await removeOwn(join(this.path, folder, fileList));
      const names = await this.#copyModelFiles(stage, folder);
      if (head !== undefined) await this.#declareHead(head, folder);
      await this.text(join(folder, fileList), formatFileList(this.#digestsOf(folder, names)));
    }
    return join(this.path, folder);
  }

  /** @returns The names of those that exist. */
  async #copyModelFiles({ model }: PreparedTraining, folder: string): Promise<readonly string[]> {
    const copied: string[] = [], tokenizer = ["tokenizer", "tokenizer_config", "special_tokens_map", "added_tokens"];
    for (
      const name of [
        ...["config", "generation_config", ...tokenizer].map((name) => `${name}.json`),
        "chat_template.jinja",
      ]
    ) {
      const source = join(model.folder, name);
      try {
        await this.bytes(join(folder, name), await system.readFile(source));
        copied.push(name);
      } catch (fault) {
        if (!(fault instanceof system.errors.NotFound)) throw fault;
      }
    }
    return copied;
  }

  #digestsOf(folder: string, names: readonly string[]): Readonly<Record<string, string>> {
    return Object.fromEntries(names.map((name) => [name, this.#written.get(slashed(join(folder, name))) ?? ""]));
  }

  /** Declares a head and its classes in config.json, as transformers does. */
  async #declareHead({ labels, kind }: Head, folder: string): Promise<void> {
    const path = join(folder, "config.json"), config = JSON.parse(await system.readTextFile(join(this.path, path)));
    const [named] = (config.architectures ?? []) as readonly string[];
    const { names, problem } = headConfigs[kind](labels);
    const declared = {
      ...config,
      ...named === undefined ? {} : { architectures: [named.replace(/(For\w+|Model)$/, "ForSequenceClassification")] },
      id2label: Object.fromEntries(names.map((label, id) => [id, label])),
      label2id: Object.fromEntries(names.map((label, id) => [label, id])),
      problem_type: problem,
    };
    await this.text(path, JSON.stringify(declared, null, 2) + "\n");
  }

  async #write(path: string, chunks: Chunks): Promise<void> {
    await this.#folder(join(path, ".."));
    const hash = createHash("sha256");
    await writeAtomically(join(this.path, path), hashed(chunks, hash));
    this.#written.set(slashed(path), hash.digest("hex"));
  }

  async #folder(path: string): Promise<void> {
    const folder = path === "." ? this.path : await innerPath(this.path, path);
    try {
      await system.mkdir(folder, { recursive: true });
    } catch (fault) {
      throw unwritable(folder, fault);
    }
  }
}

async function* hashed(chunks: Chunks, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Lines of JSON, as many at once as is efficient to write. */
function* linesOf(rows: Iterable<unknown>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for (const row of rows) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length < 2 ** 16) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
}
