/** What all endpoints work with. @module */
import type { ChatTemplate } from "../data/chat/template.ts";
import type { PythonValue } from "../data/python/value.ts";
import type { Engine } from "../decoding/engine.ts";
import type { Admission } from "./admission.ts";
import type { BodyLimits } from "./body.ts";
import type { Catalog } from "./catalog.ts";
import type { EditedModels, ServedBase } from "./edited_models.ts";
import type { Metrics } from "./metrics.ts";

/** The limits of a request. */
export interface ServiceLimits {
  readonly body: BodyLimits;
  /** The maximum number of tokens in one answer. */
  readonly newTokens: number;
  /** Seconds until an answer is given up. */
  readonly seconds: number;
}

/** What all endpoints work with. */
export interface Service {
  readonly base: ServedBase;
  readonly catalog: Catalog;
  readonly models: EditedModels;
  readonly engine: Engine;
  readonly admission: Admission;
  readonly metrics: Metrics;
  readonly limits: ServiceLimits;
  /** The chat template for conversations with these tools; `undefined` if the model has none. */
  readonly templateFor: ((tools: PythonValue) => ChatTemplate) | undefined;
  /** Aborted when no answers are needed any more. */
  readonly stopped: AbortSignal;
}
