/** What all endpoints work with. @module */
import type { Render } from "../data/chat/template.ts";
import type { PythonValue } from "../data/python/value.ts";
import type { Engine } from "../decoding/engine.ts";
import type { Admission } from "./admission.ts";
import type { BodyLimits } from "./body.ts";
import type { Catalog } from "./catalog.ts";
import type { EditedModels, ServedBase } from "./edited_models.ts";
import type { Metrics } from "./metrics.ts";

/** What a request may take of the server. */
export interface ServiceLimits {
  readonly body: BodyLimits;
  /** The most tokens of one answer. */
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
  /** Writes conversations as the model reads them, by their tools; `undefined` where it has no chat template. */
  readonly renderFor: ((tools: PythonValue) => Render) | undefined;
  /** Aborted when no answer is wanted any more. */
  readonly stopped: AbortSignal;
}
