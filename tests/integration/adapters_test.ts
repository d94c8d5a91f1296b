/**
 * Adapters compared with peft: from the same initial values every loss agrees within 1e-3, and the adapted model
 * generates the same text. peft's results are in goldens/peft, so that neither torch nor peft need be installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  adamw,
  type AdapterSpec,
  baseModel,
  dora,
  evaluate,
  exactMatch,
  greedy,
  ia3,
  jsonl,
  linearSchedule,
  lora,
  type Pipeline,
  pipeline,
  prefixTuning,
  type PrefixTuningSpec,
  train,
} from "refract";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder } from "../support/shared.ts";
import { assertTrajectory, lossesOf, runIn } from "../support/trajectory.ts";

/** The targets of an adapter of projections. */
interface Modules {
  readonly positions?: "prompt";
  readonly modules: readonly string[];
  readonly blocks: readonly number[];
}

/** The results of make_peft.py for an adapter. */
type Golden =
  & {
    readonly name: string;
    /** The model's completions of the first prompts before training. */
    readonly written: readonly string[];
    /** By epoch and step. */
    readonly losses: readonly (readonly number[])[];
  }
  & (
    | { readonly kind: "prefixTuning"; readonly tokens: number }
    | Modules & { readonly kind: "ia3" }
    | Modules & {
      readonly kind: "lora" | "dora";
      readonly rank: number;
      readonly alpha: number;
      readonly rankStabilized?: boolean;
    }
  );

const folder = fileURLToPath(new URL("../goldens/peft/", import.meta.url));
const goldens: readonly Golden[] = JSON.parse(await Deno.readTextFile(join(folder, "losses.json")));

function adapterOf(golden: Golden): AdapterSpec | PrefixTuningSpec {
  const initial = join(folder, `${golden.name}.safetensors`);
  if (golden.kind === "prefixTuning") return prefixTuning({ tokens: golden.tokens, initial });
  const { modules, blocks, positions } = golden;
  const common = { modules, blocks, initial, ...positions === undefined ? {} : { positions } };
  if (golden.kind === "ia3") return ia3(common);
  const { rank, alpha, rankStabilized = false } = golden;
  return { lora, dora }[golden.kind]({ rank, alpha, rankStabilized, ...common });
}

function pipelineOf(golden: Golden, shared: string): Pipeline {
  const rows = jsonl(join(shared, "data", "multiarith.test.jsonl"), {
    prompt: "{instruction}\n",
    completion: "{answer}",
    // Like make_peft.py.
    tokenization: "apart",
  });
  const adapted = baseModel(join(shared, "models", "stories260k")).with(adapterOf(golden));
  const optimizer = adamw({ learningRate: 5e-3, weightDecay: 0.01, schedule: linearSchedule({ warmup: 0.1 }) });
  return pipeline("adapters", () => ({
    untrained: evaluate(adapted, {
      data: rows.take(golden.written.length),
      decoding: greedy({ maxNewTokens: 12 }),
      metrics: [exactMatch()],
    }),
    tuned: train(adapted, { data: rows.take(24), epochs: 4, batchSize: 4, shuffle: false, optimizer }),
  }));
}

const shared = sharedFolder();

for (const golden of goldens) {
  Deno.test({
    name: `${golden.name} ${golden.kind === "prefixTuning" ? "" : `of ${golden.modules.join(", ")} `}${
      "positions" in golden ? "only on prompts " : ""
    }follows peft's losses and generates its text`,
    ignore: shared === undefined,
    fn: () =>
      inFolder(async (scratch) => {
        const [member] = await runIn(scratch, folder, pipelineOf(golden, shared!));
        const worst = assertTrajectory(lossesOf(member!), golden.losses.flat());
        console.log(`largest relative difference ${worst.toExponential(1)}`);
        const path = member!.stages.flatMap((stage) => (stage.kind === "evaluate" ? [stage.predictions] : []))[0]!;
        const lines = (await Deno.readTextFile(join(scratch, "out", path))).trimEnd().split("\n");
        assert.deepEqual(lines.map((line) => JSON.parse(line).prediction), golden.written);
      }),
  });
}
