/**
 * The cost of validations apart from the forward passes of their rows: for a training that is validated after each
 * epoch, the seconds from the end of a step to the end of its validation, with the runs of sessions counted separately.
 * Prints the measurements as JSON. Needs ../shared, and a minute on an otherwise idle machine.
 *
 *     deno run --allow-read --allow-write --allow-ffi --allow-env --allow-run tests/bench/validating.ts
 *
 * @module
 */
import { adamw, baseModel, block, exactMatch, greedy, jsonl, loreft, loss, pipeline, train } from "refract";
import { join } from "node:path";
import { cpuUsage } from "node:process";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { numbersInOrder } from "./arguments.ts";
import { inFreshFolder } from "./refract.ts";
import { watchedRun } from "./watched_run.ts";

/** The number of a validation's rows, and the number of validations. */
const validationRows = 64, epochs = 3;

/** The seconds of one validation. */
interface Validation {
  readonly passes: number;
  readonly beside: number;
  /** Processor seconds of all threads in `beside`, on which other load has less effect. */
  readonly processor: number;
}

/** The kinds of metrics of the rows: their losses, or generated answers. */
const cases = {
  "loss": { metrics: [loss()] },
  "exactMatch of 4 tokens": { metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 4 }) },
} as const;

async function validationsOf(name: keyof typeof cases, shared: string): Promise<readonly Validation[]> {
  const source = await smollm2Folder(shared), found: Validation[] = [];
  const template = { prompt: "{instruction}\n", completion: "{output}" };
  const rows = jsonl(join(shared, "data", "arc_easy.train.jsonl"), template);
  const declared = pipeline("validating", () => ({
    tuned: train(baseModel(source).with(loreft({ at: block(15).output, positions: "l1", rank: 4 })), {
      data: rows.take(16),
      epochs,
      batchSize: 8,
      optimizer: adamw({ learningRate: 9e-4 }),
      validate: { data: rows.slice(16, 16 + validationRows), batchSize: 8, ...cases[name] },
    }),
  }));
  const processorNow = () => {
    const { user, system } = cpuUsage();
    return (user + system) / 1e6;
  };
  let passes = 0, stepEnded = 0, processor = 0, idleSince = 0;
  await inFreshFolder(await Deno.makeTempDir(), (folder) =>
    watchedRun(declared, folder, {
      async run(_program, start) {
        processor += processorNow() - idleSince;
        const result = await start();
        passes += result.seconds;
        idleSince = processorNow();
        return result;
      },
      emit({ kind }) {
        const now = performance.now() / 1000;
        if (kind === "validation") {
          found.push({ passes, beside: now - stepEnded - passes, processor: processor + processorNow() - idleSince });
        }
        if (kind === "step") [stepEnded, passes, processor, idleSince] = [now, 0, 0, processorNow()];
      },
    }));
  return found;
}

numbersInOrder({});
const shared = sharedFolder();
if (shared !== undefined) {
  for (const name of Object.keys(cases) as (keyof typeof cases)[]) {
    const validations = await validationsOf(name, shared);
    console.log(JSON.stringify({ case: name, rows: validationRows, validations }, null, 2));
  }
}
