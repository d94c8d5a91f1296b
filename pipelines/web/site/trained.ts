/** What a site trains, as its exporter writes it and its worker reads it. @module */
import type { BaseModelSpec, EditSpec, Resolved, TrainSpec } from "../../spec/mod.ts";

/** The settings of a training that a page omits: it does not validate, and uses what the last step leaves. */
export const omittedSettings = ["validate", "keep", "patience", "checkpoints"] as const;

/** The settings that it has fields for. */
type FieldSetting = "model" | "data" | "epochs" | "batchSize" | "seed";

/** An edit that a page can train. */
export type SiteEdit = Resolved<EditSpec>;

/** All other settings of a training on completions. */
type SiteTraining = Omit<Resolved<TrainSpec>, "kind" | "objective" | FieldSetting | (typeof omittedSettings)[number]>;

/** The settings of a base model that a page has no fields for. */
interface SiteBase extends Omit<Resolved<BaseModelSpec>, "kind"> {
  /** The model's name on the page, for which alone the revision holds. */
  readonly source: string;
}

/** What a pipeline trains. */
export interface SiteTrained {
  readonly base: SiteBase;
  /** The page has fields for the block, the rank and the positions of the first; the others keep theirs. */
  readonly edits: readonly SiteEdit[];
  readonly training: SiteTraining;
}
