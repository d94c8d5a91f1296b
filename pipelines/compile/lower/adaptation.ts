/**
 * The records of what is learned of a frozen model. An edit, an adapter, prefix tuning or a head is lowered to adaptations,
 * each at one site of one block.
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

/** What adaptations of every form have. */
interface LoweredBase {
  /** Whose block or site it is, in a model of two stacks. */
  readonly stack?: StackName | undefined;
  /** `undefined` for sites of no block. */
  readonly block: number | undefined;
  readonly site: SiteName;
  /** What its linear tensors multiply: they start within ±1/√inputs. */
  readonly inputs: number;
  readonly tensors: Readonly<Record<string, TensorRole>>;
}

/** An edit of the representation at one site, for one side of the prompt. */
export interface LoweredIntervention extends LoweredBase {
  readonly form: "intervention";
  readonly kind: InterventionName;
  readonly options: InterventionOptions;
  /** The head whose columns alone are edited. */
  readonly head?: number;
  readonly side: Side;
  readonly positions: Positions;
  /** The positions as declared, or the number of a function. */
  readonly positionsText: string;
  readonly rank: number;
  /** The rows of the rank that act on each example; all if omitted. */
  readonly subspace?: TokenSelector;
  /** Width of what is edited. */
  readonly width: number;
  /** The share of channels that training sets to 0 where it edits. */
  readonly dropout: number;
  /** What its change is multiplied by; 1 if omitted. */
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
  /** Set where it acts on the prompt's tokens alone. */
  readonly positions?: "prompt";
  /** The share of what the change reads that training sets to 0. */
  readonly dropout: number;
  /** The name of the projection's weight. */
  readonly weight: string;
}

/** One block's keys and values of virtual tokens, which every token of the prompt sees before it. */
export interface LoweredPrefixTuning extends LoweredBase {
  readonly form: "prefix";
  readonly kind: "prefixTuning";
  readonly options: { readonly tokens: number };
  readonly block: number;
  readonly stack?: undefined;
  readonly site: "attention.key";
  readonly tensors: Readonly<Record<"key" | "value", TensorRole>>;
}

/** What the model predicts of a text instead of further tokens. */
export interface LoweredHead extends LoweredBase {
  readonly form: "head";
  readonly kind: HeadSpec["kind"];
  /** The classes' names in the order of their ids; none of a regression. */
  readonly labels: readonly string[];
  readonly options: { readonly frozen: boolean; readonly fresh: boolean };
  /** Which of a row's tokens it reads. */
  readonly pooled: Classifier["pooled"];
  readonly stack?: undefined;
  readonly block: undefined;
  readonly site: "finalNorm.output";
  /** By the names that the family's checkpoints give them. */
  readonly tensors: Readonly<Record<string, HeadTensor>>;
}

/** A tensor of a head. */
export interface HeadTensor extends TensorRole {
  /** Whether it belongs to the base model, as BERT's pooler does: a fresh head keeps that of the checkpoint. */
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

/** Anything that is learned of a frozen model, at one site of one block. */
export type Adaptation = Intervention | Adapter | PrefixTuning | Head;

/** The interventions among adaptations. */
export function interventionsOf(list: readonly Adaptation[]): readonly Intervention[] {
  return list.filter((adaptation) => adaptation.form === "intervention");
}

/** The head among adaptations, the first of those of several members. */
export function headOf(list: readonly Adaptation[]): Head | undefined {
  return list.find((adaptation) => adaptation.form === "head");
}

/** Adaptations without the head. */
export function withoutHead(list: readonly Adaptation[]): readonly Exclude<Adaptation, Head>[] {
  return list.filter((adaptation) => adaptation.form !== "head");
}

/** Whether an adaptation stays as it starts. */
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

/** Whether a function selects something of each example. */
export function isSelectedByFunction(adaptation: Adaptation): boolean {
  return adaptation.form === "intervention" &&
    [adaptation.positions.selector, adaptation.subspace].some((selector) => selector?.isFunction === true);
}
