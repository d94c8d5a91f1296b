/**
 * Classification compared with pyreft: a step of LoReFT on the first token at every block plus the head, for a random
 * model of RoBERTa's size over pairs of RTE's lengths, both sides alternating. Prints the measurements as JSON. Needs
 * ../shared and python3.
 *
 *     deno run --allow-read --allow-write --allow-run --allow-env tests/bench/classification.ts [rounds]
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sharedFolder } from "../support/shared.ts";
import { numbersInOrder } from "./arguments.ts";
import { peerPython, runPython, type Training } from "./peer.ts";
import { cacheSources, inFreshFolder, trainRefract } from "./refract.ts";
import { largestDifference, median } from "./statistics.ts";

const script = fileURLToPath(new URL("classify_run.py", import.meta.url));
const [rank, epochs, batchSize, learningRate, threads] = [1, 2, 16, 1e-3, 2];

function pipelineText(model: string, data: string, initial: string): string {
  return `import { adamw, baseModel, block, classification, jsonl, loreft, pipeline, train } from "refract";

export default pipeline("bench-classification", () => {
  const edit = loreft({ at: block("all").output, positions: "f1", rank: ${rank}, initial: ${JSON.stringify(initial)} });
  const head = classification({ labels: ["not_entailment", "entailment"] });
  return {
    tuned: train(baseModel(${JSON.stringify(model)}).with(edit, head), {
      data: jsonl(${JSON.stringify(data)}, { text: "{text}", pair: "{pair}", label: "{label}" }),
      epochs: ${epochs},
      batchSize: ${batchSize},
      shuffle: false,
      optimizer: adamw({ learningRate: ${learningRate} }),
    }),
  };
});
`;
}

/** The time of a step in the second half of a training, in seconds. */
const stepOf = ({ stepSeconds }: Training) => median(stepSeconds.slice(stepSeconds.length >> 1));

async function measure(shared: string, rounds: number): Promise<void> {
  const python = await peerPython(shared);
  await inFreshFolder(await Deno.makeTempDir(), async (folder) => {
    const [model, data, initial] = ["model", "rows.jsonl", "initial.safetensors"].map((name) => join(folder, name));
    const pipeline = join(folder, "pipeline.ts");
    await runPython(python, [script, "make", model!, data!, join(shared, "data", "glue", "RTE", "train.tsv")]);
    await Deno.writeTextFile(pipeline, pipelineText(model!, data!, initial!));
    await cacheSources();
    const peers: Training[] = [], own: Training[] = [];
    for (let round = 0; round < rounds; round++) {
      const settings = { rank, epochs, batch: batchSize, rate: learningRate, threads, initial };
      const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const { stdout } = await runPython(python, [script, "train", model!, data!, ...options]);
      // Before that, the library prints its missing dependencies.
      const { losses, step_s: stepSeconds } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
      peers.push({ losses, stepSeconds });
      own.push((await trainRefract(pipeline, threads, folder)).trainings[0]!);
    }
    const [peer, refract] = [peers, own].map((side) => median(side.map(stepOf))) as [number, number];
    const difference = Math.max(...own.map(({ losses }, round) => largestDifference(losses, peers[round]!.losses)));
    console.log(JSON.stringify({ peer, refract, faster: peer / refract, difference }, null, 2));
  });
}

const { rounds } = numbersInOrder({ rounds: 2 }), shared = sharedFolder();
if (shared !== undefined) await measure(shared, rounds);
