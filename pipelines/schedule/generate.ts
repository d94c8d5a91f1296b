/**
 * Greedy generation: one pass over the prompts, in which their edits act, then one token a row at a time, in which those
 * act that are not of the prompt alone.
 *
 * @module
 */
import { copyTensors, type TensorMap } from "../compile/initial.ts";
import { copyRow } from "../compile/cached.ts";
import { exampleFeeds, type Feeds, layOut, pastMask, segmentFeeds } from "../compile/feeds.ts";
import { actsOnCompletion, type Adaptation, interventionsOf } from "../compile/adaptations.ts";
import { maskName } from "../compile/interventions.ts";
import type { Architecture } from "../models/architecture.ts";
import type { HostTensor, Session } from "../runtime/runtime.ts";

/** A model ready to generate. */
export interface Generator {
  readonly architecture: Architecture;
  readonly adaptations: readonly Adaptation[];
  /** The edits' tensors in saved form. */
  readonly tensors: TensorMap;
  readonly prefill: Session;
  readonly decode: () => Promise<Session>;
  readonly endTokens: ReadonlySet<number>;
}

/**
 * Continues prompts with the likeliest token at each step, until an end-of-sequence token or the limit. A prompt that
 * would outgrow the model's context ends there.
 *
 * @returns The new tokens of each prompt, without the end-of-sequence token.
 */
export async function generateGreedily(
  generator: Generator,
  prompts: readonly (readonly number[])[],
  maxNewTokens: number,
): Promise<number[][]> {
  const { architecture, adaptations, tensors, prefill, endTokens } = generator;
  const rows = prompts.map((prompt) => layOut({ prompt, completion: [] }, "whole"));
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const places = prompts.map((prompt, row) => row * longest + prompt.length - 1);
  const first = await prefill.run({
    ...exampleFeeds(rows, "whole", architecture, adaptations),
    ...copyTensors(tensors),
    "labelled.places": { data: BigInt64Array.from(places, BigInt), shape: [places.length, 1] },
  });
  const written: number[][] = prompts.map(() => []);
  const open = new Set(prompts.keys());
  const accept = (logits: HostTensor) => {
    for (const row of open) {
      const token = argmax(logits, row);
      const full = prompts[row]!.length + written[row]!.length >= architecture.contextLength;
      if (endTokens.has(token) || full) open.delete(row);
      else if (written[row]!.push(token) >= maxNewTokens) open.delete(row);
    }
  };
  accept(first.outputs["logits"]!);
  if (open.size === 0) return written;
  const cache = new KeyValueCache(architecture, prompts.length, longest + maxNewTokens);
  cache.fill(first.outputs, prompts.map((prompt) => prompt.length));
  const decode = await generator.decode();
  while (open.size > 0) {
    const tokens = written.map((tokens) => tokens[tokens.length - 1] ?? 0);
    const { outputs } = await decode.run({ ...cache.feeds(tokens), ...writtenFeeds(generator, tokens.length) });
    cache.append(outputs);
    accept(outputs["logits"]!);
  }
  return written;
}

/** What the pieces that act on written tokens are fed: their masks, all 1, and their tensors. */
function writtenFeeds({ adaptations, tensors }: Generator, batch: number): Feeds {
  const acting = adaptations.filter(actsOnCompletion);
  const masks = interventionsOf(acting).map((intervention) => {
    return [maskName(intervention), { data: new Float32Array(batch).fill(1), shape: [batch, 1, 1] }] as const;
  });
  const names = acting.flatMap(({ index, tensors }) => Object.keys(tensors).map((name) => `${index}.${name}`));
  const own = Object.fromEntries(names.map((name) => [name, tensors[name]!]));
  return { ...Object.fromEntries(masks), ...copyTensors(own) };
}

function argmax({ data, shape }: HostTensor, row: number): number {
  const width = shape[shape.length - 1]!;
  const logits = (data as Float32Array).subarray(row * width, (row + 1) * width);
  let best = 0;
  for (let token = 1; token < width; token++) if (logits[token]! > logits[best]!) best = token;
  return best;
}

/** Every block's keys and values of a batch, each [batch, keyValueHeads, capacity, headWidth], filled from the left. */
class KeyValueCache {
  readonly #architecture: Architecture;
  readonly #capacity: number;
  readonly #tensors: Record<string, HostTensor> = {};
  readonly #filled: number[];

  constructor(architecture: Architecture, batch: number, capacity: number) {
    const { keyValueHeads, headWidth } = architecture.heads;
    this.#architecture = architecture;
    this.#capacity = capacity;
    this.#filled = new Array<number>(batch).fill(0);
    const shape = [batch, keyValueHeads, capacity, headWidth];
    for (let block = 0; block < architecture.blocks; block++) {
      for (const part of ["key", "value"]) {
        const data = new Float32Array(batch * keyValueHeads * capacity * headWidth);
        this.#tensors[`past.${block}.${part}`] = { data, shape };
      }
    }
  }

  /** Takes over the prompts' own keys and values, without their padding. */
  fill(outputs: Readonly<Record<string, HostTensor>>, lengths: readonly number[]): void {
    const { keyValueHeads, headWidth } = this.#architecture.heads;
    const padded = [keyValueHeads, this.#capacity, headWidth];
    for (const [name, past] of Object.entries(this.#tensors)) {
      const own = outputs[name.replace("past", "own")]!;
      lengths.forEach((length, row) => {
        const extents = [keyValueHeads, length, headWidth];
        const packed = new Float32Array(keyValueHeads * length * headWidth);
        copyRow(packed, extents, own.data as Float32Array, own.shape.slice(1), row, "intoRow");
        copyRow(packed, extents, past.data as Float32Array, padded, row, "intoBatch");
      });
    }
    lengths.forEach((length, row) => this.#filled[row] = length);
  }

  /** What the decode program is fed for one further token a row. */
  feeds(tokens: readonly number[]): Feeds {
    const feeds: Feeds = { ...this.#tensors };
    const rows = tokens.map((token, row) => ({ tokens: [token], start: this.#filled[row]! }));
    segmentFeeds(feeds, "tail", rows, 1, this.#architecture);
    feeds["tail.mask"] = pastMask(this.#filled, this.#capacity, 1, this.#architecture);
    feeds["labelled.places"] = { data: BigInt64Array.from(tokens.keys(), BigInt), shape: [tokens.length, 1] };
    return feeds;
  }

  /** Takes over the new token's keys and values. */
  append(outputs: Readonly<Record<string, HostTensor>>): void {
    const { keyValueHeads, headWidth } = this.#architecture.heads;
    for (const [name, past] of Object.entries(this.#tensors)) {
      const own = outputs[name.replace("past", "own")]!.data as Float32Array;
      const all = past.data as Float32Array;
      this.#filled.forEach((filled, row) => {
        if (filled >= this.#capacity) return;
        for (let head = 0; head < keyValueHeads; head++) {
          const from = (row * keyValueHeads + head) * headWidth;
          const to = ((row * keyValueHeads + head) * this.#capacity + filled) * headWidth;
          all.set(own.subarray(from, from + headWidth), to);
        }
      });
    }
    this.#filled.forEach((filled, row) => this.#filled[row] = Math.min(this.#capacity, filled + 1));
  }
}
