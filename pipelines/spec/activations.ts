/** What a model computes of prompts, written down, as it is declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { ChoosePositions } from "../data/prompt_tokens.ts";
import type { ActingSpec } from "./acting.ts";
import type { SiteSpec } from "./model.ts";
import type { Sweepable } from "./sweepable.ts";

/** What a model computes of prompts, written down. */
export interface ActivationsSpec {
  /** Which kind of record this is. */
  readonly kind: "activations";
  /** What computes it. */
  readonly model: Sweepable<ActingSpec>;
  /** The rows whose prompts are read. */
  readonly data: Sweepable<Dataset>;
  /** Which tokens' representations are kept. */
  readonly positions: Sweepable<string | ChoosePositions>;
  /** Places whose representation is kept. */
  readonly sites?: Sweepable<readonly SiteSpec[]>;
  /** Whether the hidden states between all blocks are kept. */
  readonly hiddenStates: Sweepable<boolean>;
  /** Whether the logits are kept. */
  readonly logits: Sweepable<boolean>;
}
