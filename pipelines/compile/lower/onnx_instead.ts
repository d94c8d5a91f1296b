/** What to advise about adaptations that a form cannot hold. @module */
import type { Adaptation } from "./adaptation.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";

/** A model and what was trained of it. */
interface Trained {
  readonly architecture: Pick<Architecture, "causal" | "encoder" | "logits">;
  readonly adaptations: readonly Adaptation[];
}

/** The end of a message: export it to ONNX, unless that only takes other models. */
export function onnxInstead({ architecture: { causal, encoder, logits }, adaptations }: Trained): string {
  const isWriter = causal && encoder === undefined && logits !== undefined;
  return isWriter && adaptations.every(({ form }) => form !== "head")
    ? "export it --to onnx"
    : "evaluate it in a pipeline, as in saved(folder)";
}
