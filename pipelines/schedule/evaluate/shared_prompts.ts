/**
 * The prompts of evaluations, encoded once for all members and for later runs.
 *
 * Whether they are encoded depends only on the evaluation itself and not on how many others there are, which must not
 * change an answer.
 *
 * @module
 */
import { rowFinderOf } from "../../data/example_rows.ts";
import { madeOf, type RowList } from "../../common/row_list.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { packedBytes } from "../../compile/frontier/packed_values.ts";
import { type CompiledPrefill, compilePrefill } from "../../compile/frontier/prefill.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { type LaidOutRow, layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, layoutOf } from "../../compile/rows/layout.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { writtenOf } from "../../decoding/kinds.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { encode } from "../encode/encode.ts";
import type { EncodedExamples } from "../encode/encoded_examples.ts";
import { rowFlops } from "../encode/flops.ts";
import { programKey } from "../keys/program_key.ts";
import { rowsDigest } from "../keys/row_keys.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import { compiledModel } from "../prepare/prepared_model.ts";
import type { EncodedPrompts } from "./generator.ts";

/** The maximum size of one evaluation's encoded prompts, in bytes. */
const mostKept = 2 ** 30;

/** The largest share of the work that may remain for encoding to pay. */
const mostLeft = 0.7;

/** An evaluation that generates answers with an edited model. */
interface Reader {
  readonly stage: PreparedEvaluation;
  readonly weights: ModelWeights;
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
}

/** Evaluations of the same prompts in the same layout. */
interface Group {
  readonly readers: Reader[];
  encoded?: Promise<EncodedExamples>;
}

/** Whether keeping the constant part of rows saves much of a program's work and takes little space. */
export function isWorthKeeping(
  rows: RowList<LaidOutRow>,
  { program, kept }: Pick<CompiledPrefill, "program" | "kept">,
  cacheMemory: number,
): boolean {
  if (kept.length === 0) return false;
  if (packedBytes(kept, rows) > Math.min(mostKept, cacheMemory)) return false;
  const encoding = { name: "encode", outputs: Object.fromEntries(kept.map(({ name, value }) => [name, value])) };
  const left = rowFlops(program, rows), once = rowFlops(encoding, rows);
  return left <= mostLeft * (left + once);
}

/** The evaluations of a run, grouped by what they can share. */
export class SharedPrompts implements Disposable {
  readonly #runContext: RunContext;
  readonly #groups = new Map<string, Group>();
  readonly #readers = new Map<PreparedEvaluation, { readonly reader: Reader; readonly group: Group }>();
  readonly #prefills = new Map<string, CompiledPrefill>();
  readonly #rows = new WeakMap<RowList<TokenizedExample>, Map<string, RowList<LaidOutRow>>>();
  readonly #opened: EncodedExamples[] = [];

  constructor(runContext: RunContext) {
    this.#runContext = runContext;
  }

  /** Registers an evaluation that will run, or whose result may be in the store. */
  add(stage: PreparedEvaluation, weights: ModelWeights): void {
    const { decoding } = stage.spec;
    if (writtenOf(decoding).newTokens === 0 || stage.adaptations.length === 0) return;
    const { model: { architecture }, adaptations, examples } = stage;
    const layout = withAttentionParts(layoutOf(architecture, adaptations, examples), architecture, examples);
    const rows = this.#laidOut(stage, layout);
    const key = keyOf(["prompts", stage.model.folder, weights.digest, layout, rowsDigest(rows)]);
    const group = this.#groups.getOrInsertComputed(key, () => ({ readers: [] }));
    const reader = { stage, weights, layout, rows };
    group.readers.push(reader);
    this.#readers.set(stage, { reader, group });
  }

  /** The encoding of an evaluation's prompts; `undefined` if it would save little or take much space. */
  async of(stage: PreparedEvaluation): Promise<EncodedPrompts | undefined> {
    const found = this.#readers.get(stage);
    if (found === undefined) return undefined;
    const { reader, group } = found, prefill = this.#prefill(reader);
    if (!isWorthKeeping(reader.rows, prefill, this.#runContext.cacheMemory)) return undefined;
    group.encoded ??= this.#encode(group);
    const encoded = await group.encoded;
    const rowOf = rowFinderOf(stage.examples);
    return {
      prefill,
      layout: reader.layout,
      kept: (prompts) => encoded.feeds(prompts.map(({ source }) => rowOf(source)!), prefill.kept, "prompts"),
    };
  }

  [Symbol.dispose](): void {
    for (const encoded of this.#opened) encoded[Symbol.dispose]();
  }

  #laidOut({ examples }: PreparedEvaluation, layout: Layout): RowList<LaidOutRow> {
    return this.#rows.getOrInsertComputed(examples, () => new Map())
      .getOrInsertComputed(JSON.stringify(layout), () => {
        return madeOf(examples, (example) => layOut({ ...example, completion: [] }, layout));
      });
  }

  /** Evaluations with the same programs compile them once. */
  #prefill({ stage, weights, layout, rows }: Reader): CompiledPrefill {
    const key = keyOf([programKey(stage, weights), layout, rowsDigest(rows)]);
    return this.#prefills.getOrInsertComputed(key, () => {
      return compilePrefill(compiledModel(stage, weights), layout, typicalExtents(rows));
    });
  }

  async #encode({ readers }: Group): Promise<EncodedExamples> {
    const [{ stage: { model }, weights, layout, rows }] = readers as [Reader];
    const kept = new Map(readers.flatMap((reader) => this.#prefill(reader).kept.map((each) => [each.name, each])));
    const job = { model, weights, layout, rows, kept: [...kept.values()] };
    const encoded = await encode(this.#runContext, job);
    this.#opened.push(encoded);
    return encoded;
  }
}
