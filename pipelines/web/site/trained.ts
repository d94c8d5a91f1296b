/** What a site trains, as its exporter writes it and its worker reads it. @module */
import type { EditSpec, Resolved, TrainSpec } from "../../spec/mod.ts";

/** An edit that a page can train. */
export type SiteEdit = Resolved<EditSpec>;

/** The settings of a training that a page has no fields for. */
type SiteTraining = Pick<Resolved<TrainSpec>, "gradientAccumulation" | "optimizer" | "shuffle" | KeptSetting>;

type KeptSetting = "maxLength" | "truncate" | "maxGradNorm" | "labelSmoothing" | "maxSteps" | "lossReduction";

/** What a pipeline trains. */
export interface SiteTrained {
  readonly edits: readonly SiteEdit[];
  readonly training: SiteTraining;
}
