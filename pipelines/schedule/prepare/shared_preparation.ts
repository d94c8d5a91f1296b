/** What members share when they are prepared: models, rows and their layouts, each prepared once. @module */
import { madeOf, type RowList, stretched } from "../../common/row_list.ts";
import { namingFunctions } from "../../common/function_name.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { requireRoom } from "../../compile/lower/prefix_tuning.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { type LaidOutRow, layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, layoutOf, wholeRows } from "../../compile/rows/layout.ts";
import type { FewShot } from "../../data/few_shot.ts";
import type { Truncation } from "../../data/length_limits.ts";
import { hasTurns } from "../../data/source_kinds.ts";
import type { ModelSpec, Resolved, TrainSpec } from "../../spec/mod.ts";
import type { RunContext } from "../context/run_context.ts";
import { noteTo } from "../context/work.ts";
import { longestOf, requireSelections } from "./example_checks.ts";
import { hasPairs, hasReads } from "./preference_checks.ts";
import { prepareModel } from "./prepare_model.ts";
import type { PreparedModel } from "./prepared_model.ts";
import { type PreparedRows, readRows } from "./read_rows.ts";

/** Rows cut into segments. */
interface LaidOut {
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
}

/** What rows are read for. */
interface RowsOptions {
  readonly asks?: boolean;
  readonly toWrite?: number;
  readonly fewShot?: FewShot | undefined;
  readonly truncate?: Truncation | undefined;
  readonly keepsLabels?: boolean;
}

/** Models, rows and layouts of members that are prepared together. */
export class SharedPreparation {
  readonly #runContext: RunContext;
  readonly #sample: number | undefined;
  readonly #warned = new Set<string>();
  readonly #notes: string[] = [];
  readonly #shared = new Map<string, Promise<unknown>>();
  readonly #models = new WeakMap<Resolved<ModelSpec>, Promise<PreparedModel>>();
  readonly #rowNumbers = new WeakMap<PreparedRows, number>();
  #rowsRead = 0;
  readonly #texts = new WeakMap<object, string>();
  readonly #longTexts = new Map<string, string>();
  readonly #kept = new Map<string, number>();
  readonly #layouts = new WeakMap<PreparedModel, Map<PreparedRows, LaidOut>>();
  /** For models whose own dropout is on, so that no part of a row is constant. */
  readonly #wholeLayouts = new WeakMap<PreparedModel, Map<PreparedRows, LaidOut>>();

  /** @param sample How many rows of each data set are enough; all if omitted. */
  constructor(runContext: RunContext, sample?: number) {
    this.#runContext = runContext;
    this.#sample = sample;
  }

  /** The folder that relative paths are resolved from. */
  get base(): string {
    return this.#runContext.base;
  }

  /** Members share the parts that none of their axes changes, so each model is prepared once. */
  model(spec: Resolved<ModelSpec>): Promise<PreparedModel> {
    return this.#models.getOrInsertComputed(spec, () => prepareModel(this.#runContext, spec));
  }

  /**
   * The rows of a data set for a model.
   *
   * @param asks Whether the model is to answer the rows, which matters for conversations.
   * @param toWrite How many tokens it may generate, which matters for prompts that are cut.
   * @param fewShot Examples that precede the prompts.
   * @param truncate Which end of longer rows is cut.
   */
  rows(
    data: Resolved<TrainSpec>["data"],
    { model, adaptations }: PreparedModel,
    maxLength: number | undefined,
    { asks = false, toWrite = 0, fewShot, truncate, keepsLabels = false }: RowsOptions = {},
  ): Promise<PreparedRows> {
    const head = headOf(adaptations), headKey = head === undefined ? null : [head.kind, head.labels];
    const asksLast = asks && hasTurns(data);
    const cutsPrompt = asks && head === undefined && truncate === "right";
    const limits = maxLength === undefined ? null : [maxLength, toWrite, truncate ?? null, cutsPrompt];
    return this.#once([
      "rows",
      this.#textOf(data),
      model.folder,
      limits,
      headKey,
      asksLast,
      fewShot ?? null,
      keepsLabels,
    ], () => {
      const warn = (message: string, kind?: string) => this.warnOnce(message, kind);
      const sample = this.#sample;
      return readRows(this.#runContext, data, model, {
        sample,
        head,
        maxLength,
        truncate,
        cutsPrompt,
        toWrite,
        asksLast,
        keepsLabels,
        fewShot,
        warn,
      });
    });
  }

  /**
   * Rows cut into segments for the adaptations of a model.
   *
   * @param dropsBase Whether the model's own dropout is on, so that they are not cut.
   */
  async laidOut(model: PreparedModel, prepared: PreparedRows, dropsBase = false): Promise<LaidOut> {
    const layouts = dropsBase ? this.#wholeLayouts : this.#layouts;
    const known = layouts.getOrInsertComputed(model, () => new Map());
    const found = known.get(prepared);
    if (found !== undefined) return found;
    const { examples } = prepared, { adaptations, model: { architecture } } = model;
    requireRoom(adaptations, longestOf(examples), architecture.contextLength);
    const plain = model.full === undefined && !dropsBase
      ? layoutOf(architecture, adaptations, examples)
      : wholeRows(architecture, adaptations);
    const layout = {
      ...dropsBase ? plain : withAttentionParts(plain, architecture, examples),
      ...hasPairs(examples) ? { answers: 2 } as const : {},
      ...hasReads(examples) ? { unseen: true } as const : {},
    };
    requireSelections(adaptations, examples);
    const rows = await this.#once(["layout", layout, this.#numberOf(prepared)], () => {
      const own = madeOf(examples, (example) => layOut(example, layout)), { of } = prepared;
      return Promise.resolve(of === undefined ? own : stretched([...own], of));
    });
    known.set(prepared, { layout, rows });
    return { layout, rows };
  }

  /**
   * Records a note for the user, once for however many members it is true of. Notes are shown when everything is known
   * to be valid, because an invalid request gets only a one-line error.
   *
   * @param kind What the note is about, if the message gives one example of it.
   */
  warnOnce(message: string, kind = message): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.#notes.push(message);
  }

  /**
   * Registers what will be kept in the store for as long as the run lasts.
   *
   * @param of What keeps it, which members may share.
   * @returns The total bytes registered, and what the store may hold.
   */
  takeRoom(of: string, bytes: number): { readonly all: number; readonly limit: number } {
    this.#kept.set(of, bytes);
    return { all: [...this.#kept.values()].reduce((sum, each) => sum + each, 0), limit: this.#runContext.store.limit };
  }

  /** Shows the notes. */
  tellNotes(): void {
    for (const note of this.#notes.splice(0)) noteTo(this.#runContext.emit)(note);
  }

  /** A declaration as text, cached for all members that share it, because it may contain all rows. */
  #textOf(data: object): string {
    return this.#texts.getOrInsertComputed(data, () => {
      const text = JSON.stringify(data, namingFunctions);
      return text.length < 1000 ? text : this.#longTexts.getOrInsertComputed(text, () => `#${this.#longTexts.size}`);
    });
  }

  /** Rows that were read in the same way are one object. */
  #numberOf(rows: PreparedRows): number {
    return this.#rowNumbers.getOrInsertComputed(rows, () => this.#rowsRead++);
  }

  #once<T>(key: unknown, make: () => Promise<T>): Promise<T> {
    return this.#shared.getOrInsertComputed(JSON.stringify(key, namingFunctions), make) as Promise<T>;
  }
}
