/**
 * Rows that are scored repeatedly while the trained values change, as in validations: the part that no parameter
 * reaches is encoded once, for all members and for later runs, and each scoring runs over the rest.
 *
 * @module
 */
import type { Program } from "../../../ops/program/program.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { cut, type CutProgram } from "../../compile/frontier/cut.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import { scoreProgram } from "../../compile/programs/inference_programs.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { sharedFeeds } from "../../compile/rows/feeds.ts";
import { type LaidOutRow, layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, layoutOf } from "../../compile/rows/layout.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { encode } from "../encode/encode.ts";
import type { EncodedExamples } from "../encode/encoded_examples.ts";
import { programKey } from "../keys/program_key.ts";
import { rowsDigest } from "../keys/row_keys.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import { compiledModel } from "../prepare/prepared_model.ts";
import { isWorthKeeping } from "./shared_prompts.ts";
import { madeOf, type RowList } from "../../common/row_list.ts";

/** How to score rows that were partly encoded. */
export interface EncodedScores {
  readonly program: Program;
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
  /** What was encoded of some of the rows; valid until the next call with the same slot. */
  readonly kept: (rows: readonly number[], slot: 0 | 1) => Feeds;
}

/** Rows cut into segments, and the program that scores them, cut at the part that no parameter reaches. */
interface CutScoring {
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
  readonly scoring: CutProgram;
}

/** An evaluation whose rows are scored. */
interface Reader extends CutScoring {
  readonly stage: PreparedEvaluation;
  readonly weights: ModelWeights;
}

/** Evaluations of the same rows in the same layout. */
interface Group {
  readonly readers: Reader[];
  encoded?: Promise<EncodedExamples>;
}

/** How the rows of an evaluation are scored after their encoding; `undefined` if nothing could be encoded. */
export function cutScoring(
  { model: { architecture }, adaptations, examples, full }: PreparedEvaluation,
  compiled: CompiledModel,
  compile: (layout: Layout, rows: RowList<LaidOutRow>, make: () => CutProgram) => CutProgram = (_, __, make) => make(),
): CutScoring | undefined {
  if (headOf(adaptations) !== undefined || full !== undefined) return undefined;
  const layout = withAttentionParts(layoutOf(architecture, adaptations, examples), architecture, examples);
  const rows = madeOf(examples, (example) => layOut(example, layout));
  const scoring = compile(layout, rows, () => cut(scoreProgram(compiled, layout), typicalExtents(rows)));
  return { layout, rows, scoring };
}

/** The evaluations of a run whose rows are scored more than once, grouped by what they can share. */
export class SharedScores implements Disposable {
  readonly #runContext: RunContext;
  readonly #groups = new Map<string, Group>();
  readonly #readers = new Map<PreparedEvaluation, { readonly reader: Reader; readonly group: Group }>();
  readonly #programs = new Map<string, CutProgram>();
  readonly #opened: EncodedExamples[] = [];

  constructor(runContext: RunContext) {
    this.#runContext = runContext;
  }

  /** Registers an evaluation that will run repeatedly. */
  add(stage: PreparedEvaluation, weights: ModelWeights): void {
    const found = cutScoring(stage, compiledModel(stage, weights), (layout, rows, make) => {
      return this.#programs.getOrInsertComputed(keyOf([programKey(stage, weights), layout, rowsDigest(rows)]), make);
    });
    if (found === undefined) return;
    const key = keyOf(["scores", stage.model.folder, weights.digest, found.layout, rowsDigest(found.rows)]);
    const group = this.#groups.getOrInsertComputed(key, () => ({ readers: [] }));
    const reader = { stage, weights, ...found };
    group.readers.push(reader);
    this.#readers.set(stage, { reader, group });
  }

  /** The encoding of an evaluation's rows; `undefined` if it would save little or take much space. */
  async of(stage: PreparedEvaluation): Promise<EncodedScores | undefined> {
    const found = this.#readers.get(stage);
    if (found === undefined) return undefined;
    const { reader: { rows, layout, scoring: { program, kept } }, group } = found;
    if (!isWorthKeeping(rows, { program, kept }, this.#runContext.cacheMemory)) return undefined;
    const encoded = await (group.encoded ??= this.#encode(group)), { architecture } = stage.model;
    const shared = sharedFeeds(rows.at(0)!, layout, architecture);
    return {
      program,
      layout,
      rows,
      kept: (batch, slot) => ({ ...shared, ...encoded.feeds(batch, kept, `scores${slot}`) }),
    };
  }

  [Symbol.dispose](): void {
    for (const encoded of this.#opened) encoded[Symbol.dispose]();
  }

  async #encode({ readers }: Group): Promise<EncodedExamples> {
    const [{ stage: { model }, weights, layout, rows }] = readers as [Reader];
    const kept = new Map(readers.flatMap(({ scoring }) => scoring.kept.map((each) => [each.name, each])));
    const encoded = await encode(this.#runContext, {
      model,
      weights,
      layout,
      rows,
      kept: [...kept.values()],
    });
    this.#opened.push(encoded);
    return encoded;
  }
}
