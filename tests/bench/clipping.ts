/**
 * The cost per step of clipping and of the norms that it logs: two trainings on the same rows, one of which clips,
 * alternate step by step, so that both run under the same load. Prints the measurements as JSON. Needs ../shared, and
 * 90 seconds on an otherwise idle machine.
 *
 *     deno run --allow-read --allow-write --allow-ffi --allow-env --allow-run tests/bench/clipping.ts [pairs at l1, by default 64]
 *
 * @module
 */
import { adamw, baseModel, block, jsonl, loreft, pipeline, train } from "refract";
import { join } from "node:path";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { numbersInOrder } from "./arguments.ts";
import { inFreshFolder } from "./refract.ts";
import { median } from "./statistics.ts";
import { watchedRun } from "./watched_run.ts";

/** A training in pairs of steps, one with clipping and one without. */
interface Case {
  readonly name: string;
  readonly edit: ReturnType<typeof loreft>;
  readonly pairs: number;
}

/** The sides in the order of their turns, repeated, so that neither always runs second. */
const order = ["plain", "clipped", "clipped", "plain"] as const;
type Side = typeof order[number];

/** Steps excluded at either end: the first ones map the weights, the last one may run alone. */
const warming = 2, batchSize = 8;

/** Sides that alternate. */
class Turns {
  #turn = 0;
  #next = Promise.withResolvers<void>();

  /** Runs a function when it is a side's turn; returns its result and the seconds that the side has waited. */
  async take<T>(side: Side, run: () => Promise<T>): Promise<{ readonly result: T; readonly waited: number }> {
    const begun = performance.now();
    while (order[this.#turn % order.length] !== side) await this.#next.promise;
    const waited = (performance.now() - begun) / 1000;
    const result = await run();
    this.#turn++;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
    return { result, waited };
  }
}

/** The seconds of each step of both sides, including the host's part. */
async function stepsInTurns({ edit, pairs }: Case, shared: string): Promise<Readonly<Record<Side, number[]>>> {
  const source = await smollm2Folder(shared),
    turns = new Turns(),
    steps: Record<Side, number[]> = { plain: [], clipped: [] };
  const rows = jsonl(join(shared, "data", "arc_easy.train.jsonl"), {
    prompt: "{instruction}\n",
    completion: "{output}",
  });
  const ofSide = async (side: Side, folder: string) => {
    let waited = 0;
    const declared = pipeline(side, () => ({
      tuned: train(baseModel(source).with(edit), {
        data: rows.take(64),
        epochs: Math.ceil(pairs * batchSize / 64),
        maxSteps: pairs,
        batchSize,
        shuffle: false,
        optimizer: adamw({ learningRate: 9e-4 }),
        ...side === "clipped" ? { maxGradNorm: 1 } : {},
      }),
    }));
    await watchedRun(declared, join(folder, side), {
      async run(program, start) {
        if (program !== "train") return await start();
        const turn = await turns.take(side, start);
        waited = turn.waited;
        return turn.result;
      },
      emit: (event) => event.kind === "step" ? steps[side].push(event.seconds - waited) : undefined,
    });
  };
  await inFreshFolder(
    await Deno.makeTempDir(),
    (folder) => Promise.all([ofSide("plain", folder), ofSide("clipped", folder)]),
  );
  return steps;
}

async function measure(each: Case, shared: string) {
  const { plain, clipped } = await stepsInTurns(each, shared), measured = [warming, plain.length - warming] as const;
  const [a, b] = [plain.slice(...measured), clipped.slice(...measured)];
  const ratios = a.map((seconds, step) => b[step]! / seconds).sort((x, y) => x - y);
  const [low, high] = [0.25, 0.75].map((share) => ratios[Math.floor(share * (ratios.length - 1))]!);
  return {
    case: each.name,
    pairs: ratios.length,
    plain: median(a),
    clipped: median(b),
    medianOfRatios: median(ratios),
    quartiles: [low, high],
    best: Math.min(...b) / Math.min(...a),
  };
}

const { pairs } = numbersInOrder({ pairs: 64 }), shared = sharedFolder();
if (shared !== undefined) {
  const cases: readonly Case[] = [
    { name: "l1, block 15, rank 4", edit: loreft({ at: block(15).output, positions: "l1", rank: 4 }), pairs },
    {
      name: "f7+l7 tied, all blocks, rank 8",
      edit: loreft({ at: block("all").output, positions: "f7+l7", rank: 8, tied: true }),
      pairs: Math.ceil(pairs / 4),
    },
  ];
  for (const each of cases) console.log(JSON.stringify(await measure(each, shared), null, 2));
}
