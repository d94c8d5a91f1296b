/** The jobs measured on a GPU: trainings of three kinds, encoding and generation. @module */
import { join } from "node:path";
import { createRandom } from "../../pipelines/data/random.ts";
import { type NamedTensor, writeSafetensors } from "../../pipelines/models/weights/safetensors_writer.ts";
import { type ShapeName, shapes } from "./gpu_models.ts";

/** A job as both sides read it. */
export interface GpuJob {
  readonly name: string;
  readonly kind: "loreft" | "lora" | "encode" | "decode";
  readonly blocks: readonly number[];
  readonly positions: string;
  readonly rank: number;
  readonly modules: readonly string[];
  /** A file with the initial values of both sides. */
  readonly initial: string;
  readonly steps: number;
  /** The number of generated tokens. */
  readonly tokens: number;
}

/** The amount of work. */
export interface Amount {
  readonly rows: number;
  readonly prompt: number;
  readonly completion: number;
  readonly steps: number;
  readonly tokens: number;
}

export const batchSize = 8, learningRate = 1e-3;

/** The jobs of a shape, with their initial values in a folder. */
export async function jobsOf(shape: ShapeName, { steps, tokens }: Amount, folder: string): Promise<GpuJob[]> {
  const { num_hidden_layers: blocks } = shapes[shape], all = Array.from({ length: blocks }, (_, at) => at);
  const usual = { positions: "", rank: 0, modules: [], initial: "", blocks: all, steps, tokens };
  const jobs: GpuJob[] = [
    { ...usual, name: "LoReFT l1", kind: "loreft", blocks: [blocks >> 1], positions: "l1", rank: 4 },
    { ...usual, name: "LoReFT f7+l7", kind: "loreft", positions: "f7+l7", rank: 4 },
    { ...usual, name: "LoRA q, v", kind: "lora", modules: ["q_proj", "v_proj"], rank: 8 },
    { ...usual, name: "encode", kind: "encode" },
    { ...usual, name: "decode", kind: "decode" },
  ];
  return await Promise.all(jobs.map(async (job, at) => {
    const tensors = initialOf(job, shape), initial = join(folder, `initial-${at}.safetensors`);
    if (tensors.length > 0) await writeSafetensors(initial, tensors);
    return { ...job, initial };
  }));
}

function initialOf({ kind, blocks, positions, rank, modules }: GpuJob, shape: ShapeName): NamedTensor[] {
  const config = shapes[shape], width = config.hidden_size, random = createRandom(7, kind);
  const draw = (shape: readonly number[], scale: number) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return { shape, data: Float32Array.from({ length: size }, () => scale * random.normal()) };
  };
  if (kind === "lora") {
    const headWidth = "head_dim" in config ? config.head_dim : width / config.num_attention_heads;
    return blocks.flatMap((_, block) =>
      modules.flatMap((module, at): NamedTensor[] => {
        const outputs = headWidth * (module === "q_proj" ? config.num_attention_heads : config.num_key_value_heads);
        const number = block * modules.length + at;
        return [
          { name: `${number}.lora_A`, ...draw([rank, width], 1 / Math.sqrt(width)) },
          { name: `${number}.lora_B`, ...draw([outputs, rank], 0.01) },
        ];
      })
    );
  }
  if (kind !== "loreft") return [];
  return Array.from({ length: blocks.length * positions.split("+").length }, (_, at) => [
    { name: `${at}.rotate`, shape: [width, rank], data: orthonormal(width, rank, random) },
    { name: `${at}.weight`, ...draw([rank, width], 1 / Math.sqrt(width)) },
    { name: `${at}.bias`, ...draw([rank], 0.1) },
  ]).flat();
}

/** Orthonormal columns, by Gram–Schmidt. */
function orthonormal(width: number, rank: number, random: { normal: () => number }): Float32Array {
  const columns: Float64Array[] = [];
  for (let column = 0; column < rank; column++) {
    const own = Float64Array.from({ length: width }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) {
      for (const other of columns) {
        const dot = own.reduce((sum, value, at) => sum + value * other[at]!, 0);
        own.forEach((value, at) => own[at] = value - dot * other[at]!);
      }
    }
    const length = Math.hypot(...own);
    columns.push(own.map((value) => value / length));
  }
  return Float32Array.from({ length: width * rank }, (_, at) => columns[at % rank]![Math.floor(at / rank)]!);
}

/** The pipeline file of a job. */
export function gpuPipeline(
  { kind, blocks, positions, rank, modules, initial, steps, tokens }: GpuJob,
  model: string,
): string {
  const edit = kind === "lora"
    ? `lora(${JSON.stringify({ blocks, modules, rank, initial })})`
    : `loreft({ at: block(${JSON.stringify(blocks)}).output, ...${
      JSON.stringify({ positions, rank, tied: false, initial })
    } })`;
  const decoding = `greedy({ maxNewTokens: ${tokens} })`;
  const stages: Record<GpuJob["kind"], string> = {
    loreft: "{ tuned: train(base.with(edit), settings) }",
    lora: "{ tuned: train(base.with(edit), settings) }",
    // The input of the last block, the keys and values of every token, is computed once.
    encode: `{ tuned: train(base.with(loreft({ at: block(${blocks.at(-1)}).output, positions: "l1", rank: 1 })), {
      ...settings, maxSteps: 1 }) }`,
    decode: `{ written: evaluate(base, { data: data.take(1), metrics: [exactMatch()], decoding: ${decoding} }) }`,
  };
  return `import { adamw, baseModel, block, evaluate, exactMatch, greedy, jsonl, lora, loreft, pipeline, train } from "refract";

export default pipeline("gpu", () => {
  const base = baseModel(${JSON.stringify(model)});
  const data = jsonl("./rows.jsonl", { prompt: "{prompt}", completion: "{completion}", tokenization: "apart" });
  const optimizer = adamw({ learningRate: ${learningRate} });
  const settings = { data, epochs: ${steps}, batchSize: ${batchSize}, shuffle: false, maxSteps: ${steps}, optimizer };
${kind === "lora" || kind === "loreft" ? `  const edit = ${edit};\n` : ""}  return ${stages[kind]};
});
`;
}
