/** Tests whether a provider trains as the CPU does: a few steps of the bundled model on both. @module */
import { join } from "node:path";
import type { Provider } from "../../../ops/onnx/model.ts";
import { removeOwn } from "../../common/leavings.ts";
import { ofKind } from "../../common/of_kind.ts";
import { baseModel, block } from "../../dsl/model.ts";
import { loreft } from "../../dsl/edits.ts";
import { adamw } from "../../dsl/optimizer.ts";
import { records } from "../../dsl/data.ts";
import { pipeline, train } from "../../dsl/stages.ts";
import { startRun } from "../../interface/start_run.ts";

const rows = Array.from({ length: 8 }, (_, at) => ({ prompt: `question: ${at}\nanswer:`, completion: ` ${at * at}` }));

/** Edits of all blocks, so that a step goes through the whole model and back. */
const proof = pipeline("proof", () => {
  const edited = baseModel("builtin:tiny").with(loreft({ at: block("all").output, positions: "f1+l1", rank: 2 }));
  const data = records(rows, { prompt: "{prompt}", completion: "{completion}" });
  return { tuned: train(edited, { data, epochs: 4, batchSize: 4, optimizer: adamw({ learningRate: 1e-3 }) }) };
});

/** The result of a few steps. */
interface Proof {
  readonly losses: readonly number[];
  /** Seconds of the median step, not counting the first. */
  readonly seconds: number;
}

/** Trains a few steps on a provider, in a temporary folder. */
export async function prove(provider: Provider): Promise<Proof> {
  const folder = await Deno.makeTempDir({ prefix: "refract-doctor-" });
  try {
    const options = { store: join(folder, "store"), out: join(folder, "run"), provider };
    const { results } = await startRun(proof, new Map(), options, {}).result;
    const [{ losses, stepSeconds } = { losses: [], stepSeconds: [] }] = ofKind(
      results.members[0]?.stages ?? [],
      "train",
    );
    const sorted = stepSeconds.slice(1).toSorted((one, other) => one - other);
    return { losses, seconds: sorted[Math.floor(sorted.length / 2)] ?? NaN };
  } finally {
    await removeOwn(folder);
  }
}

/** The largest relative difference between two lists of losses. */
export function differenceOf(one: readonly number[], other: readonly number[]): number {
  return Math.max(...one.map((loss, step) => Math.abs(loss - (other[step] ?? NaN)) / Math.abs(loss)));
}
