/** `deno task activations`. @module */
import { dirname } from "node:path";
import type { Provider } from "../../ops/onnx/model.ts";
import { parseSite } from "../compile/programs/activations_program.ts";
import { RequestError } from "../common/errors.ts";
import { unwritable } from "../common/files.ts";
import { writeSafetensors } from "../models/weights/safetensors.ts";
import { activate } from "../schedule/activations/activate.ts";
import { activatedRows, paddedBatch, readBatch, readTensors } from "./token_batch.ts";
import { callerFolder, callerPath } from "./load_pipeline.ts";
import { openRunContext } from "./run_command.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** The options of the command. */
export interface ActivationsOptions {
  readonly input?: string;
  readonly text?: readonly string[];
  readonly out: string;
  readonly sites?: readonly string[];
  readonly logits: boolean;
  readonly store?: string;
  readonly threads: number;
  readonly provider: Provider;
}

/** Writes what a model computes of some tokens: hidden states, logits and the representations at the sites named. */
export async function activationsCommand(
  source: string,
  options: ActivationsOptions,
  terminal: Terminal,
): Promise<void> {
  const { input, text, out: path, provider, threads } = options;
  if ((input === undefined) === (text === undefined)) {
    throw new RequestError("say what the model is to read: give either --input or --text");
  }
  const out = callerPath(path), base = callerFolder();
  if ((await Deno.stat(out).catch(() => undefined))?.isDirectory === true) {
    throw new RequestError("is a folder; give --out a file", { file: out });
  }
  await using runContext = openRunContext({ base, threads, provider }, options, terminalProgress(terminal));
  const tokenized = text === undefined ? undefined : await runContext.model(source);
  const model = tokenized ?? await runContext.bareModel(source), { architecture } = model;
  const sites = (options.sites ?? []).map((site) => parseSite(site, architecture));
  const batch = tokenized === undefined
    ? await readBatch(callerPath(input!), architecture)
    : paddedBatch(text!.map((each) => tokenized.tokenizer.encodePrompt(each)), architecture);
  const rows = activatedRows(batch, architecture, input === undefined ? undefined : callerPath(input));
  await Deno.mkdir(dirname(out), { recursive: true }).catch((fault: unknown) => {
    throw unwritable(dirname(out), fault);
  });
  const weights = await runContext.weights(model);
  const logits = options.logits && architecture.head !== undefined;
  const job = { architecture, weights, rows, sites, hiddenStates: true, logits };
  const tensors = await activate(runContext, job, "activations");
  await writeSafetensors(out, [...(text === undefined ? [] : readTensors(batch)), ...tensors]);
  terminal.print(`${tensors.length} tensors of ${rows.length} rows in ${out}`);
}
