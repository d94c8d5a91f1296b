/** Saving a model's activations on prompts, as declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { ChoosePositions } from "../data/prompt_tokens.ts";
import type { ActingSpec } from "./acting.ts";
import type { SiteSpec } from "./model.ts";
import type { Sweepable } from "./sweepable.ts";

/** Saves a model's activations on prompts. */
export interface ActivationsSpec {
  /** Which kind of record this is. */
  readonly kind: "activations";
  /** The model. */
  readonly model: Sweepable<ActingSpec>;
  /** The rows whose prompts are read. */
  readonly data: Sweepable<Dataset>;
  /** Which tokens' representations are kept. */
  readonly positions: Sweepable<string | ChoosePositions>;
  /** The sites whose representations are kept. */
  readonly sites?: Sweepable<readonly SiteSpec[]>;
  /** Whether the hidden states between all blocks are kept. */
  readonly hiddenStates: Sweepable<boolean>;
  /** Whether the logits are kept. */
  readonly logits: Sweepable<boolean>;
}
