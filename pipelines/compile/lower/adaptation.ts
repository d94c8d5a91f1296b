/**
 * Adaptations: the trainable parts of a frozen model. An edit, an adapter, prefix tuning or a head is lowered to
 * adaptations, each at one site of one block.
 *
 * @module
 */
import type { AdapterOptions } from "../../../ops/adapters/adapter.ts";
import type { AdapterName } from "../../../ops/adapters/mod.ts";
import type { InterventionOptions, TensorRole } from "../../../ops/interventions/intervention.ts";
import type { InterventionName } from "../../../ops/interventions/mod.ts";
import type { Classifier, SiteName, StackName } from "../../models/architecture/architecture.ts";
import type { HeadSpec } from "../../spec/mod.ts";
import type { Positions, Side } from "./positions.ts";
import { runOfSite } from "./sites.ts";
import type { TokenSelector } from "./token_selectors.ts";

/** The properties that adaptations of every form have. */
interface LoweredBase {
  /** In a model with two stacks, which of them the block or site belongs to. */
  readonly stack?: StackName | undefined;
  /** The block's number; `undefined` for sites outside the blocks. */
  readonly block: number | undefined;
  readonly site: SiteName;
  /** The width that its linear tensors multiply: they start within ±1/√inputs. */
  readonly inputs: number;
  readonly tensors: Readonly<Record<string, TensorRole>>;
}

/** An edit of the representation at one site, for one side of the prompt. */
export interface LoweredIntervention extends LoweredBase {
  readonly form: "intervention";
  readonly kind: InterventionName;
  readonly options: InterventionOptions;
  /** The attention head, if only its columns are edited. */
  readonly head?: number;
  readonly side: Side;
  readonly positions: Positions;
  /** The positions as declared, or the number of the function. */
  readonly positionsText: string;
  readonly rank: number;
  /** The rows of the rank that act on each example; all if omitted. */
  readonly subspace?: TokenSelector;
  /** Width of the edited representation. */
  readonly width: number;
  /** Dropout rate on the edited representation in training. */
  readonly dropout: number;
  /** The factor on its change; 1 if omitted. */
  readonly strength?: number;
}

/** An adapter of one projection. */
export interface LoweredAdapter extends LoweredBase {
  readonly form: "adapter";
  readonly kind: AdapterName;
  readonly options: AdapterOptions;
  /** The projection's name within its block. */
  readonly module: string;
  readonly block: number;
  /** Set if it acts only on the prompt's tokens. */
  readonly positions?: "prompt";
  /** Dropout rate on the input of the change in training. */
  readonly dropout: number;
  /** The name of the projection's weight. */
  readonly weight: string;
}

/** One block's keys and values of virtual tokens before the prompt, which every token attends to. */
export interface LoweredPrefixTuning extends LoweredBase {
  readonly form: "prefix";
  readonly kind: "prefixTuning";
  readonly options: { readonly tokens: number };
  readonly block: number;
  readonly stack?: undefined;
  readonly site: "attention.key";
  readonly tensors: Readonly<Record<"key" | "value", TensorRole>>;
}

/** A head that predicts something other than further tokens. */
export interface LoweredHead extends LoweredBase {
  readonly form: "head";
  readonly kind: HeadSpec["kind"];
  /** The classes' names in the order of their ids; empty for a regression. */
  readonly labels: readonly string[];
  readonly options: { readonly frozen: boolean; readonly fresh: boolean };
  /** Which of a row's tokens it reads. */
  readonly pooled: Classifier["pooled"];
  readonly stack?: undefined;
  readonly block: undefined;
  readonly site: "finalNorm.output";
  /** Its tensors, by their names in the family's checkpoints. */
  readonly tensors: Readonly<Record<string, HeadTensor>>;
}

/** A tensor of a head. */
export interface HeadTensor extends TensorRole {
  /** Whether it belongs to the base model, like BERT's pooler: a fresh head keeps the checkpoint's. */
  readonly isBase: boolean;
}

/** An adaptation before it has its index. */
export type LoweredAdaptation = LoweredIntervention | LoweredAdapter | LoweredPrefixTuning | LoweredHead;

/** An adaptation's index among those of its model, which names its tensors: `${index}.rotate` and so on. */
interface Indexed {
  readonly index: number;
}

export type Intervention = LoweredIntervention & Indexed;
export type Adapter = LoweredAdapter & Indexed;
type PrefixTuning = LoweredPrefixTuning & Indexed;
export type Head = LoweredHead & Indexed;

/** Any trainable part of a frozen model, at one site of one block. */
export type Adaptation = Intervention | Adapter | PrefixTuning | Head;

/** The interventions among adaptations. */
export function interventionsOf(list: readonly Adaptation[]): readonly Intervention[] {
  return list.filter((adaptation) => adaptation.form === "intervention");
}

/** The head among adaptations; with several members, the first one. */
export function headOf(list: readonly Adaptation[]): Head | undefined {
  return list.find((adaptation) => adaptation.form === "head");
}

/** Adaptations without the head. */
export function withoutHead(list: readonly Adaptation[]): readonly Exclude<Adaptation, Head>[] {
  return list.filter((adaptation) => adaptation.form !== "head");
}

/** Whether an adaptation keeps its initial values. */
export function isFrozen(adaptation: Adaptation): boolean {
  return adaptation.form === "head" && adaptation.options.frozen;
}

/** Whether a tensor of an adaptation is not trained. */
export function isFixed(adaptation: Adaptation, { isUnread }: TensorRole): boolean {
  return isUnread === true || isFrozen(adaptation);
}

/** Whether an adaptation acts on tokens after the prompt, too. */
export function actsOnCompletion(adaptation: Adaptation): boolean {
  if (runOfSite(adaptation) !== "tail") return false;
  if (adaptation.form === "adapter") return adaptation.positions === undefined;
  return adaptation.form !== "intervention" || adaptation.positions.completion;
}

/** Whether a function selects tokens or rows of the rank for each example. */
export function isSelectedByFunction(adaptation: Adaptation): boolean {
  return adaptation.form === "intervention" &&
    [adaptation.positions.selector, adaptation.subspace].some((selector) => selector?.isFunction === true);
}
