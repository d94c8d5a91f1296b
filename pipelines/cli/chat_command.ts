/** `deno task chat`. @module */
import { join } from "node:path";
import type { Provider } from "../../ops/onnx/model.ts";
import { lowerAdaptations } from "../compile/lower/adaptations.ts";
import { readTensors } from "../compile/parameters/initial.ts";
import { interventionFileNames, lowerDescription, readDescription } from "../compile/parameters/intervention_file.ts";
import { roomOf } from "../decoding/continuation.ts";
import { generateRows } from "../decoding/generate.ts";
import { chooserOf, endsAt, TextStream } from "../decoding/writing.ts";
import { editedModel } from "../models/model.ts";
import { chatRenderer } from "../data/chat/template.ts";
import { RequestError } from "../common/errors.ts";
import { openGenerator, type WritingModel } from "../schedule/evaluate/generator.ts";
import { checkedAdaptation } from "../schedule/prepare/validate.ts";
import type { RunContext } from "../schedule/context/run_context.ts";
import { baseModelOf } from "./base_model.ts";
import { interventionFolder } from "./intervention_folder.ts";
import { type ChatSession, inConversation, lineByLine } from "./chat_session.ts";
import { callerFolder, callerPath } from "./load_pipeline.ts";
import { openRunContext } from "./run_command.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** The options of a chat. */
export interface ChatOptions {
  readonly model?: string;
  readonly member?: string;
  /** Whether each line is asked by itself although the model has a chat template. */
  readonly plain?: true;
  /** In place of the model's chat template. */
  readonly chatTemplate?: string;
  readonly system?: string;
  /** What a plain prompt is made of; giving one asks each line by itself. */
  readonly template?: string;
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

/**
 * Answers each line that is read with what a tuned model writes, token by token: as turns of one conversation where the
 * model has a chat template.
 */
export async function chatCommand(path: string, options: ChatOptions, terminal: Terminal): Promise<void> {
  const folder = await interventionFolder(callerPath(path), options.member);
  const { source, base } = await baseModelOf(folder, options.model);
  await using runContext = openRunContext({ ...options, base }, options, terminalProgress(terminal));
  const writer = await writingModel(runContext, source, folder, options);
  const { tokenizer } = writer.model, asking = await askingOf(writer, options);
  const generator = await openGenerator(runContext, { ...writer, endTokens: asking.endTokens }, 1);
  const room = roomOf(generator);
  const { maxNewTokens, temperature, topP, seed } = options;
  let answered = 0;
  for await (const line of terminal.lines(`${source} with ${folder}\nyour prompt, an empty line ends: `)) {
    if (line === "") break;
    const fits = ({ length }: readonly number[]) => length > 0 && length < room;
    const { prompt: asked, forgotten } = asking.ask(line, fits), { prompt } = asked;
    if (!fits(prompt)) {
      terminal.write(`the prompt has ${prompt.length} tokens and the model reads 1 to ${room - 1}\n`);
      continue;
    }
    if (forgotten > 0) terminal.write(`the first ${forgotten} messages no longer fit and are forgotten\n`);
    const writing = temperature === 0
      ? { kind: "greedy", maxNewTokens } as const
      : { kind: "sample", maxNewTokens, temperature, topK: 0, topP, seed } as const;
    const stream = new TextStream((text) => terminal.put(text));
    const [written = []] = await generateRows(generator, [asked], {
      maxNewTokens,
      choose: chooserOf(writing, [answered++]),
      onToken: (_, written) => stream.show(endsAt([], tokenizer, written).text),
    });
    stream.end();
    terminal.put("\n");
    asking.answered(endsAt([], tokenizer, written).text);
  }
}

/** A conversation if the model or the options have a template for it, else each line by itself. */
async function askingOf({ model: { tokenizer } }: WritingModel, options: ChatOptions): Promise<ChatSession> {
  const { plain, template, chatTemplate, system, fields } = options;
  const isPlain = plain === true || template !== undefined;
  if (isPlain && (chatTemplate ?? system) !== undefined) {
    throw new RequestError("--chat-template and --system go with no --plain or --template; leave one of them out");
  }
  const hasTemplate = chatTemplate !== undefined || tokenizer.chat.templates.size > 0;
  if (system !== undefined && !hasTemplate) {
    throw new RequestError("the model has no chat template for a --system message; give it --chat-template");
  }
  if (isPlain || !hasTemplate) return lineByLine(template ?? "{prompt}\n", fields, tokenizer);
  const render = await chatRenderer(
    chatTemplate === undefined ? {} : { template: chatTemplate },
    tokenizer.chat,
    callerFolder(),
  );
  return inConversation(render, system, fields, tokenizer);
}

async function writingModel(
  runContext: RunContext,
  source: string,
  folder: string,
  { positions }: ChatOptions,
): Promise<WritingModel> {
  const description = await readDescription(folder), model = await runContext.model(source);
  const weights = await runContext.weights(model, description.quantize),
    initial = join(folder, interventionFileNames.tensors);
  const loaded = lowerDescription(description, editedModel(model), checkedAdaptation, { positions });
  if (loaded.some(({ form }) => form === "head")) {
    throw new RequestError("the model has a head, which tells labels and writes nothing; chat with one without", {
      file: join(folder, interventionFileNames.description),
    });
  }
  const adaptations = lowerAdaptations([{ kind: "saved", adaptations: loaded, initial }], editedModel(model));
  const { architecture } = model, { storedType } = weights;
  return {
    model,
    weights,
    compiled: { architecture, storedType, members: [adaptations], full: false },
    adaptations,
    tensors: await readTensors(initial, adaptations),
  };
}
