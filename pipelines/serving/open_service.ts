/** Opens what a server works with. @module */
import type { KeyValueType } from "../compile/programs/forward.ts";
import { RequestError } from "../common/errors.ts";
import { chatTemplates } from "../data/chat/template.ts";
import { Engine } from "../decoding/engine.ts";
import { turnEndsOf } from "../interface/chat_session.ts";
import type { Model } from "../models/open/model.ts";
import type { QuantizationName } from "../models/weights/quantization.ts";
import type { RunContext } from "../schedule/context/run_context.ts";
import { noteTo } from "../schedule/context/work.ts";
import { Admission } from "./admission.ts";
import { Catalog, type CatalogPlaces } from "./catalog.ts";
import { EditedModels } from "./edited_models.ts";
import { Metrics } from "./metrics.ts";
import type { Service, ServiceLimits } from "./service.ts";

/** What is served, and how much at once. */
export interface ServiceOptions {
  /** The base model's source. */
  readonly source: string;
  readonly quantize: QuantizationName | undefined;
  readonly places: CatalogPlaces;
  /** Replaces the model's chat template: the name of one of its templates, a file or Jinja. */
  readonly chatTemplate: string | undefined;
  /** The folder that a chat template's relative path is resolved from. */
  readonly folder: string;
  /** The maximum number of rows generated at once. */
  readonly rows: number;
  /** The maximum number of answers that wait in addition. */
  readonly waiting: number;
  /** The maximum size of the keys and values of all of them, in bytes. */
  readonly keyValueBytes: number;
  /** The type that they are kept in. */
  readonly keyValueType: KeyValueType;
  readonly limits: ServiceLimits;
  readonly stopped: AbortSignal;
}

/**
 * The maximum number of prompt tokens prefilled at once: few while rows are being generated, so that these continue
 * soon.
 */
const promptTokens = 2048, promptTokensBeside = 512;

/** The share of the memory for keys and values that may be used to cache prompt prefixes. */
const prefixShare = 1 / 4;

/**
 * Opens a base model and finds its edits.
 *
 * @throws {RequestError} If the model cannot generate text, or the template is invalid.
 */
export async function openService(runContext: RunContext, options: ServiceOptions): Promise<Service> {
  const { source, quantize, places, rows, waiting, keyValueBytes, keyValueType, limits, stopped } = options;
  const model = await runContext.models.model(source), weights = await runContext.models.weights(model, quantize);
  if (model.architecture.head !== "language") {
    throw new RequestError(
      `the model ${source} has no language modeling head and cannot generate text; serve one that has`,
    );
  }
  const chat = await openChat(model, options);
  const base = { model, weights, keyValueType, endTokens: chat.endTokens };
  const catalog = new Catalog(runContext, model, quantize, places, noteTo(runContext.emit));
  await catalog.refresh();
  return {
    base,
    catalog,
    models: new EditedModels(runContext, base, catalog),
    engine: new Engine({
      rows,
      leastFree: 1,
      promptTokens,
      promptTokensBeside,
      keyValueBytes,
      prefixBytes: prefixShare * keyValueBytes,
      completes: ["int8"],
    }),
    admission: new Admission(rows + waiting),
    metrics: new Metrics(),
    limits,
    templateFor: chat.templateFor,
    stopped,
  };
}

async function openChat(
  { tokenizer }: Model,
  { chatTemplate, folder }: ServiceOptions,
): Promise<Pick<Service, "templateFor"> & { readonly endTokens: ReadonlySet<number> }> {
  if (chatTemplate === undefined && tokenizer.chat.templates.size === 0) {
    return { templateFor: undefined, endTokens: new Set() };
  }
  const own = chatTemplate === undefined ? {} : { template: chatTemplate };
  const templates = await chatTemplates(own, tokenizer.chat, folder, {
    name: "the conversation",
    change: "change the messages",
    replace: "serve the model with another --chat-template",
  });
  return { templateFor: templates, endTokens: turnEndsOf(templates().render, [], tokenizer) };
}
