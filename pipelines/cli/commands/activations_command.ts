/** `deno task activations`. @module */
import { dirname } from "node:path";
import { parseSite } from "../../compile/programs/activations_program.ts";
import { RequestError } from "../../common/errors.ts";
import { unwritable } from "../../common/files.ts";
import { writeSafetensors } from "../../models/weights/safetensors_writer.ts";
import { activate } from "../../schedule/activations/activate.ts";
import { activatedRows, paddedBatch, readBatch, readTensors } from "./token_batch.ts";
import { callerFolder, callerPath } from "../requests/caller_paths.ts";
import { command } from "../arguments/command.ts";
import { runtimeOptions } from "../arguments/common_options.ts";
import { requireFilePath, requireUnread } from "../requests/output_file.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import { onUnlessNamed, optional, type OptionValues, parsed, repeatable, required, text } from "../arguments/option.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import { counted } from "../../common/counted.ts";
import type { Terminal } from "../terminal/terminal.ts";

const declared = {
  input: optional(text("file"), "safetensors with input_ids and attention_mask [batch, tokens]"),
  text: repeatable<readonly string[] | undefined>(
    "text",
    "text instead of --input; may be repeated, one row each",
    undefined,
    (before = [], text) => [...before, text],
  ),
  out: required(text("file"), "the safetensors file to write"),
  sites: optional(
    parsed("list", (list) => list.split(",").map((site) => site.trim())),
    "additional sites, as in block.3.mlp.output,block.0.attention.query",
  ),
  logits: onUnlessNamed("omits the logits"),
  ...runtimeOptions,
};

/** Writes what a model computes on some tokens: hidden states, logits and the representations at the named sites. */
export const activationsCommand = command({
  name: "activations",
  summary: "Writes what a model computes: hidden states, logits, or any site.",
  parameters: [{ name: "model", help: "a Hugging Face id, a folder or builtin:NAME" }],
  options: declared,
  examples: ["activations builtin:tiny --text red --sites block.1.output --out red.safetensors"],
  run: ([model], options, { terminal }) => writeActivations(model, options, terminal),
});

async function writeActivations(
  source: string,
  options: OptionValues<typeof declared>,
  terminal: Terminal,
): Promise<void> {
  const { input, text, out: path, provider, threads } = options;
  if ((input === undefined) === (text === undefined)) {
    throw new RequestError("there is nothing for the model to read; give either --input or --text");
  }
  const out = callerPath(path), base = callerFolder();
  await requireFilePath(out);
  await using runContext = openRunContext({ base, threads, provider }, options, terminalEvents(terminal));
  const tokenized = text === undefined ? undefined : await runContext.models.model(source);
  const model = tokenized ?? await runContext.models.bareModel(source), { architecture } = model;
  await requireUnread(out, model, input === undefined ? [] : [callerPath(input)]);
  const sites = (options.sites ?? []).map((site) => parseSite(site, architecture));
  const batch = tokenized === undefined
    ? await readBatch(callerPath(input!), architecture)
    : paddedBatch(text!.map((each) => tokenized.tokenizer.encodePrompt(each)), architecture);
  const rows = activatedRows(batch, architecture, input === undefined ? undefined : callerPath(input));
  await Deno.mkdir(dirname(out), { recursive: true }).catch((fault: unknown) => {
    throw unwritable(dirname(out), fault);
  });
  const weights = await runContext.models.weights(model);
  const logits = options.logits && architecture.head !== undefined;
  const job = { architecture, weights, rows, sites, hiddenStates: true, logits };
  const tensors = await activate(runContext, job);
  await runContext.store.checks.settled();
  await writeSafetensors(out, [...(text === undefined ? [] : readTensors(batch)), ...tensors]);
  terminal.print(`${counted(tensors.length, "tensor")} of ${counted(rows.length, "row")} in ${out}`);
}
