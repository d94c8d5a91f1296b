/** What a model generates after a prompt. @module */
import { dirname } from "node:path";
import { callerFolder, callerPath } from "../cli/requests/caller_paths.ts";
import { openRunContext } from "../cli/requests/open_run_context.ts";
import { baseModelOf, findIntervention } from "../cli/requests/stored_intervention.ts";
import { RequestError } from "../common/errors.ts";
import { locationOf } from "../common/source_location.ts";
import { headOf } from "../compile/lower/adaptation.ts";
import type { Message } from "../data/chat/conversation.ts";
import type { ChatMessage } from "../data/chat/source.ts";
import { chatTemplates } from "../data/chat/template.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import { toPython } from "../data/python/value.ts";
import { roomOf } from "../decoding/continuation.ts";
import type { Writing } from "../decoding/writing.ts";
import { records } from "../dsl/data.ts";
import { loss } from "../dsl/metrics.ts";
import { evaluate } from "../dsl/stages.ts";
import type { Emit } from "../results/events.ts";
import type { RunContext } from "../schedule/context/run_context.ts";
import { noteTo } from "../schedule/context/work.ts";
import { writeTexts } from "../schedule/evaluate/answers.ts";
import { openGenerator, type WritingModel } from "../schedule/evaluate/generator.ts";
import { axesIn, bestsIn } from "../schedule/expand/declarations.ts";
import { weightsFor } from "../schedule/prepare/model_weights.ts";
import { prepareModel } from "../schedule/prepare/prepare_model.ts";
import { compiledModel } from "../schedule/prepare/prepared_model.ts";
import { untrainedTensors } from "../schedule/train/acting_tensors.ts";
import { decoding as checkDecoding } from "../schedule/validate/decoding_checks.ts";
import { validate } from "../schedule/validate/validate.ts";
import type { ModelSpec, Resolved } from "../spec/mod.ts";
import { conversationPrompt, lineByLine, turnEndsOf } from "./chat_session.ts";
import type { GenerateOptions } from "./generate_options.ts";
import type { RunMember } from "./opened_run.ts";
import type { Prompt } from "./prompt.ts";
import { openStoredWriter } from "./stored_writer.ts";

/** Generates a model's answer, with its programs opened only for this prompt. */
export async function generateText(
  model: ModelSpec | RunMember,
  prompt: Prompt,
  options: GenerateOptions,
): Promise<string> {
  const { decoding = usualDecoding } = options;
  const writing = resolvedOf("decoding", decoding) as Writing;
  checkDecoding(writing, "decoding");
  const opening = isMember(model) ? await ofMember(model, options) : ofSpec(model, options);
  const { threads = navigator.hardwareConcurrency, provider = "cpu", store, signal } = options;
  signal?.throwIfAborted();
  const { onNote = (message) => console.error(`note: ${message}`) } = options;
  const emit: Emit = (event) => event.kind === "note" ? onNote(event.message) : undefined;
  await using runContext = openRunContext({ base: opening.base, threads, provider }, { store }, emit, { signal });
  const writer = await opening.open(runContext), { tokenizer } = writer.model;
  const { asked, endTokens } = await askedOf(prompt, writer, options);
  const generator = await openGenerator(runContext, { ...writer, endTokens }, undefined, [asked]);
  const { prompt: { length } } = asked, room = roomOf(generator);
  if (length === 0 || length >= room) {
    throw new RequestError(`the prompt has ${length} tokens, but the model reads 1 to ${room - 1}; change it`);
  }
  const [text = ""] = await writeTexts(generator, [asked], writing, tokenizer);
  await runContext.store.checks.settled();
  return text;
}

const usualDecoding = { kind: "greedy", maxNewTokens: 128 } as const;

/** A model that can be opened, and the folder that relative paths are resolved from. */
interface Opening {
  readonly base: string;
  readonly open: (runContext: RunContext) => Promise<WritingModel>;
}

function isMember(model: ModelSpec | RunMember): model is RunMember {
  return "folder" in model;
}

async function ofMember({ folder, id }: RunMember, { training }: GenerateOptions): Promise<Opening> {
  const member = training === undefined ? id : `${id}/${training}`;
  const stored = await findIntervention(dirname(dirname(folder)), member);
  const { source, base } = await baseModelOf(stored, undefined);
  return { base, open: (runContext) => openStoredWriter(runContext, source, stored) };
}

function ofSpec(declared: ModelSpec, { base }: GenerateOptions): Opening {
  const model = resolvedOf("model", declared);
  requireModel(model);
  return {
    base: base === undefined ? callerFolder() : callerPath(base),
    async open(runContext) {
      const prepared = await prepareModel(runContext, model), weights = await weightsFor(runContext, prepared);
      if (headOf(prepared.adaptations) !== undefined) {
        throw new RequestError(
          "the model has a head, which predicts labels and generates no text; give one without a head",
        );
      }
      const { tensors } = await untrainedTensors(prepared, weights), { adaptations, initialFiles } = prepared;
      const trained = new Set(initialFiles.flatMap(({ of }) => of));
      if (!adaptations.every((adaptation) => trained.has(adaptation))) {
        noteTo(runContext.emit)("the model has untrained edits; give a run's member, or saved(folder)");
      }
      return { model: prepared.model, weights, adaptations, compiled: compiledModel(prepared, weights), tensors };
    },
  };
}

/** A declaration with a single value for everything. */
function resolvedOf<T extends object>(what: string, declared: T): Resolved<T> {
  const [axis] = axesIn(declared), [best] = bestsIn(declared);
  if (axis !== undefined) {
    throw new RequestError(`the ${what} has several values of ${axis.name}; give it one of them`, locationOf(axis));
  }
  if (best !== undefined) {
    throw new RequestError("a best member is known after a run; give that member", locationOf(best));
  }
  return declared as Resolved<T>;
}

/** Checks a model as an evaluation's is checked. */
function requireModel(model: Resolved<ModelSpec>): void {
  const data = records([{ q: "" }], { prompt: "{q}", completion: "{q}" });
  validate("generate", resolvedOf("model", evaluate(model, { data, metrics: [loss()] })));
}

/** The prompt as the model reads it, and the tokens that end an answer besides the model's own. */
async function askedOf(
  prompt: Prompt,
  { model: { tokenizer, architecture } }: WritingModel,
  { plain = false, system, chatTemplate, fields = {} }: GenerateOptions,
): Promise<{ readonly asked: TokenizedPrompt; readonly endTokens: ReadonlySet<number> }> {
  const isText = typeof prompt === "string";
  const hasTemplate = chatTemplate !== undefined || tokenizer.chat.templates.size > 0;
  if (!hasTemplate && (!isText || system !== undefined)) {
    throw new RequestError("the model has no chat template for a conversation; give chatTemplate, or a single text");
  }
  if (isText && (plain || !hasTemplate)) {
    const session = lineByLine("{prompt}", fields, tokenizer, { hasEncoder: architecture.encoder !== undefined });
    return { asked: session.ask(prompt, () => true).prompt, endTokens: session.endTokens };
  }
  const templates = await chatTemplates(
    chatTemplate === undefined ? {} : { template: chatTemplate },
    tokenizer.chat,
    callerFolder(),
    { name: "the conversation", change: "change the prompt", replace: "give another chatTemplate" },
  );
  const { render } = templates(), opening = system === undefined ? [] : [{ role: "system", content: system }];
  const turns = isText ? [{ role: "user", content: prompt }] : prompt.map(messageOf), messages = [...opening, ...turns];
  const asked = conversationPrompt(render, messages, { ...fields, prompt: isText ? prompt : "", messages }, tokenizer);
  return { asked, endTokens: turnEndsOf(render, opening, tokenizer) };
}

function messageOf({ role, ...others }: ChatMessage): Message {
  return { role, ...Object.fromEntries(Object.entries(others).map(([name, value]) => [name, toPython(value)])) };
}
