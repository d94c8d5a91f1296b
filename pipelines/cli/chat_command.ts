/** `deno task chat`. @module */
import { join } from "node:path";
import type { Provider } from "../../ops/onnx/emit.ts";
import { lowerAdaptations } from "../compile/adaptations.ts";
import { readTensors } from "../compile/initial.ts";
import { lowerDescription, readDescription, storedFiles } from "../compile/stored.ts";
import { roomOf } from "../decoding/continuation.ts";
import { generateRows } from "../decoding/generate.ts";
import { chooserOf, endsAt, TextStream } from "../decoding/writing.ts";
import { tokenizePrompt } from "../data/examples.ts";
import { fillTemplate, parseTemplate } from "../data/template.ts";
import { editedModel } from "../models/model.ts";
import { manifestFile, readManifest } from "../report/manifest.ts";
import { openGenerator, type WritingModel } from "../schedule/generator.ts";
import { checkedAdaptation } from "../schedule/validate.ts";
import type { Workshop } from "../schedule/workshop.ts";
import { interventionFolder } from "./intervention_folder.ts";
import { callerFolder, callerPath } from "./load_pipeline.ts";
import { openWorkshop } from "./run_command.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** The options of a chat. */
export interface ChatOptions {
  readonly model?: string;
  readonly member?: string;
  readonly template: string;
  /** Fields of the template besides the prompt, and those that the edits ask for. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** In place of the positions that the edits were trained with. */
  readonly positions?: string;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly store?: string;
  readonly threads: number;
  readonly provider: Provider;
}

/** Answers each line that is read with what a tuned model writes, token by token. */
export async function chatCommand(path: string, options: ChatOptions, terminal: Terminal): Promise<void> {
  const folder = await interventionFolder(callerPath(path), options.member);
  const { source, base } = await modelOf(folder, options);
  await using workshop = openWorkshop({ ...options, base }, options, terminalProgress(terminal));
  const writer = await writingModel(workshop, source, folder, options);
  const generator = await openGenerator(workshop, writer, 1);
  const { tokenizer } = writer.model, room = roomOf(generator), template = parseTemplate(options.template, "prompt");
  const { maxNewTokens, temperature, topP, seed } = options;
  let answered = 0;
  for await (const line of terminal.lines(`${source} with ${folder}\nyour prompt, an empty line ends: `)) {
    if (line === "") break;
    const fields = { ...options.fields, prompt: line };
    const asked = tokenizePrompt({ ...fillTemplate(template, fields, "prompt", undefined), fields }, tokenizer);
    const { prompt } = asked;
    if (prompt.length === 0 || prompt.length >= room) {
      terminal.write(`the prompt has ${prompt.length} tokens and the model reads 1 to ${room - 1}\n`);
      continue;
    }
    const writing = temperature === 0
      ? { kind: "greedy", maxNewTokens } as const
      : { kind: "sample", maxNewTokens, temperature, topK: 0, topP, seed } as const;
    const stream = new TextStream((text) => terminal.put(text));
    await generateRows(generator, [asked], {
      maxNewTokens,
      choose: chooserOf(writing, [answered++]),
      onToken: (_, written) => stream.show(endsAt([], tokenizer, written).text),
    });
    stream.end();
    terminal.put("\n");
  }
}

async function writingModel(
  workshop: Workshop,
  source: string,
  folder: string,
  { positions }: ChatOptions,
): Promise<WritingModel> {
  const model = await workshop.model(source), weights = await workshop.weights(model);
  const description = await readDescription(folder), initial = join(folder, storedFiles.tensors);
  const pieces = lowerDescription(description, editedModel(model), checkedAdaptation, { positions });
  const adaptations = lowerAdaptations([{ kind: "saved", pieces, initial }], editedModel(model));
  const { architecture } = model, { storedType } = weights;
  return {
    model,
    weights,
    compiled: { architecture, storedType, members: [adaptations], full: false },
    adaptations,
    tensors: await readTensors(initial, adaptations),
  };
}

/** Where the base model is: as told, or where the run had it, else as it is named, from the pipeline's folder. */
async function modelOf(folder: string, { model }: ChatOptions): Promise<{ source: string; base: string }> {
  if (model !== undefined) return { source: model, base: callerFolder() };
  const { base: source } = await readDescription(folder);
  const manifest = await readManifest(join(folder, "..", "..", "..", manifestFile));
  return { source: manifest?.models.get(source) ?? source, base: manifest?.base ?? callerFolder() };
}
