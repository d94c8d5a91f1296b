/** `deno task chat`. @module */
import { RequestError } from "../../common/errors.ts";
import { chatTemplates } from "../../data/chat/template.ts";
import { GrowingAnswer } from "../../decoding/answer.ts";
import { roomOf } from "../../decoding/continuation.ts";
import { generateRows } from "../../decoding/generate.ts";
import { TextStream } from "../../decoding/text_stream.ts";
import { chooserOf } from "../../decoding/writing.ts";
import { openGenerator, type WritingModel } from "../../schedule/evaluate/generator.ts";
import { callerFolder } from "../requests/caller_paths.ts";
import { type ChatSession, inConversation, lineByLine } from "../../interface/chat_session.ts";
import { openStoredWriter } from "../../interface/stored_writer.ts";
import { command } from "../arguments/command.ts";
import { member, runtimeOptions } from "../arguments/common_options.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import {
  anyText,
  flag,
  integer,
  InvalidValue,
  json,
  number,
  optional,
  type OptionValues,
  parsed,
  text,
  withDefault,
} from "../arguments/option.ts";
import { baseModelOf, findIntervention } from "../requests/stored_intervention.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import type { Terminal } from "../terminal/terminal.ts";

const declared = {
  member,
  model: optional(text("base"), "the base model, if it is not where the run says"),
  plain: flag("treats each line as a separate prompt, without the model's chat template"),
  chatTemplate: optional(
    text("template"),
    "replaces the model's: the name of one of its templates, a .jinja file or Jinja",
  ),
  system: optional(anyText("text"), "the system message of the conversation"),
  template: optional(
    parsed("text", parseTemplate),
    'the template of a plain prompt (default: "{prompt}\\n"); \\n is a newline',
  ),
  fields: withDefault(json, "the row's other fields, for the template and the edits", {}),
  positions: optional(text("positions"), "replaces those that the edits were trained with"),
  maxNewTokens: withDefault(integer("n", 1), "the maximum number of tokens in an answer", 128),
  temperature: withDefault(number("t", 0), "0 picks the likeliest token", 0),
  topP: withDefault(number("p", 0, 1), "samples from the likeliest tokens with this probability mass", 1),
  seed: withDefault(integer("n", 1), "the seed for sampling", 42),
  ...runtimeOptions,
};

type ChatOptions = OptionValues<typeof declared>;

/** Answers each line of input with what a tuned model generates. */
export const chatCommand = command({
  name: "chat",
  summary: "Answers each line of input with a trained model.",
  parameters: [{ name: "folder", help: "a run's folder, a member's, or an intervention's" }],
  options: declared,
  examples: ["chat runs/arc-easy/first --member rank=4", "chat runs/arc-easy/first --plain --temperature 0.7"],
  run: ([path], options, { terminal }) => chat(path, options, terminal),
});

function parseTemplate(text: string): string {
  if (!text.includes("{prompt}")) throw new InvalidValue("write {prompt} where the prompt goes");
  return text.replaceAll("\\n", "\n");
}

/** Answers token by token: as turns of one conversation if the model has a chat template. */
async function chat(path: string, options: ChatOptions, terminal: Terminal): Promise<void> {
  const stored = await findIntervention(path, options.member);
  const { source, base } = await baseModelOf(stored, options.model);
  await using runContext = openRunContext({ ...options, base }, options, terminalEvents(terminal));
  const writer = await openStoredWriter(runContext, source, stored, options.positions);
  const { tokenizer } = writer.model, session = await openSession(writer, options);
  const generator = await openGenerator(runContext, { ...writer, endTokens: session.endTokens });
  const room = roomOf(generator);
  const { maxNewTokens, temperature, topP, seed } = options;
  let answered = 0;
  for await (const line of terminal.lines(`${source} with ${stored.folder}\nyour prompt (an empty line ends): `)) {
    if (line === "") break;
    const fits = ({ length }: readonly number[]) => length > 0 && length < room;
    const { prompt: tokenized, forgotten } = session.ask(line, fits), { prompt } = tokenized;
    if (!fits(prompt)) {
      terminal.write(`the prompt has ${prompt.length} tokens, but the model reads 1 to ${room - 1}\n`);
      continue;
    }
    if (forgotten > 0) terminal.write(`the first ${forgotten} messages no longer fit and are forgotten\n`);
    const writing = temperature === 0
      ? { kind: "greedy", maxNewTokens } as const
      : { kind: "sample", maxNewTokens, temperature, topK: 0, topP, seed } as const;
    // Nothing generated with damaged weights is shown.
    await runContext.store.checks.settled();
    const stream = new TextStream((text) => terminal.put(text), tokenizer.cleanUp.settled);
    const answer = new GrowingAnswer([], tokenizer);
    const [written = []] = await generateRows(generator, [tokenized], {
      maxNewTokens,
      choose: chooserOf(writing, [answered++]),
      onToken: (_, written) => stream.show(answer.of(written).text),
    });
    stream.end();
    terminal.put("\n");
    // From now on, the model reads its answer as it generated it.
    session.answered(tokenizer.decode(written, { skipSpecialTokens: true, cleanUpSpaces: false }));
  }
}

/** A conversation if the model or the options have a template for it, otherwise each line separately. */
async function openSession(
  { model: { tokenizer, architecture } }: WritingModel,
  options: ChatOptions,
): Promise<ChatSession> {
  const { plain, template, chatTemplate, system, fields } = options;
  const isPlain = plain || template !== undefined;
  if (isPlain && (chatTemplate ?? system) !== undefined) {
    throw new RequestError(
      "--chat-template and --system cannot be combined with --plain and --template; omit one of them",
    );
  }
  const hasTemplate = chatTemplate !== undefined || tokenizer.chat.templates.size > 0;
  if (system !== undefined && !hasTemplate) {
    throw new RequestError("the model has no chat template for a --system message; give it --chat-template");
  }
  if (isPlain || !hasTemplate) {
    const hasEncoder = architecture.encoder !== undefined;
    return lineByLine(template ?? "{prompt}\n", fields, tokenizer, { hasEncoder });
  }
  const templates = await chatTemplates(
    chatTemplate === undefined ? {} : { template: chatTemplate },
    tokenizer.chat,
    callerFolder(),
    { name: "the conversation", change: "write something else", replace: "give another --chat-template, or --plain" },
  );
  return inConversation(templates().render, system, fields, tokenizer);
}
