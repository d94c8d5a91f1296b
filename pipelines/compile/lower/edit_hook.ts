/** The hook with which a model's forward pass applies adaptations at their sites. @module */
import { adapters } from "../../../ops/adapters/mod.ts";
import { interventions } from "../../../ops/interventions/mod.ts";
import type { Dimension } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { input, type Value } from "../../../ops/program/program.ts";
import type { EditHook, Site } from "../../models/architecture/architecture.ts";
import type { Adaptation, Adapter, Intervention } from "./adaptation.ts";
import { type AtTokens, everyToken } from "./at_tokens.ts";
import { type Masked, maskedBy, maskName, maskWidth } from "./edit_masks.ts";
import { runOfSite } from "./sites.ts";
import type { TensorForm } from "./tensor_forms.ts";

/**
 * The fed mask of an adaptation's positions, and of its rank's rows if these vary, over its run.
 *
 * @param length The tail's number of tokens.
 */
function positionMask(masked: Masked, length: Dimension): Value {
  const run = runOfSite(masked);
  return input(maskName(masked), ["batch", run === "tail" ? length : run, maskWidth(masked)]);
}

/** The adaptations that can have dropout. */
export type Droppable = Intervention | Adapter;

/** The width of what dropout acts on: an edit's representation or an adapted projection's input. */
export function droppedWidth(adaptation: Droppable): number {
  return adaptation.form === "intervention" ? adaptation.width : adaptation.inputs;
}

/** The name of an adaptation's dropout factor. */
export function dropoutName({ index }: Droppable): string {
  return `dropout.${index}`;
}

/**
 * The dropout factor over the adaptation's run [batch, tokens, width]: 0 or 1/(1 − rate), or 1 where it does not act.
 */
function dropoutFactor(adaptation: Droppable): Value {
  return input(dropoutName(adaptation), ["batch", runOfSite(adaptation), droppedWidth(adaptation)]);
}

/** Whether an adaptation acts at a site. */
export function isAt(adaptation: Adaptation, { stack, block, name }: Site): adaptation is Droppable {
  const acts = adaptation.form !== "prefix" && adaptation.form !== "head";
  return acts && adaptation.stack === stack && adaptation.block === block && adaptation.site === name;
}

/** The hook that applies the adaptations of each site in order. */
export function editHook(
  list: readonly Adaptation[],
  { tensors, drops, tail = "tail" }: TensorForm,
  atTokens: AtTokens = everyToken,
): EditHook {
  const factorOf = (adaptation: Droppable) => {
    return drops && adaptation.dropout > 0 ? atTokens(dropoutFactor(adaptation)) : undefined;
  };
  return (site, hidden, projection) =>
    list.reduce((edited, adaptation) => {
      if (!isAt(adaptation, site)) return edited;
      const factor = factorOf(adaptation);
      const dropped = (x: Value) => factor === undefined ? x : o.mul(x, factor);
      if (adaptation.form === "intervention") {
        const { kind, head, width, options } = adaptation, mask = atTokens(positionMask(adaptation, tail));
        const edit = (part: Value) => dropped(interventions[kind].edit(part, tensors(adaptation), mask, options));
        return head === undefined ? edit(edited) : editHead(edited, head, width, edit);
      }
      if (projection === undefined) throw new TypeError(`${site.name} is not a projection's output`);
      const frozen = { ...projection, output: hidden };
      const read = factor === undefined ? frozen : { ...frozen, dropped: dropped(projection.input) };
      const adapted = adapters[adaptation.kind].adapt(edited, read, tensors(adaptation), adaptation.options);
      const masked = maskedBy(adaptation);
      return masked === undefined ? adapted : chosen(atTokens(positionMask(masked, tail)), adapted, edited);
    }, hidden);
}

/** `one` where the mask is 1 and `other` where it is 0, bit for bit. */
function chosen(mask: Value, one: Value, other: Value): Value {
  return o.add(o.mul(one, mask), o.mul(other, o.sub(1, mask)));
}

/** Edits the columns of one head. */
function editHead(hidden: Value, head: number, width: number, edit: (part: Value) => Value): Value {
  const axis = hidden.shape.length - 1, total = hidden.shape[axis] as number;
  const start = head * width, end = start + width;
  const before = start === 0 ? [] : [o.slice(hidden, axis, 0, start)];
  const after = end === total ? [] : [o.slice(hidden, axis, end, total)];
  return o.concat([...before, edit(o.slice(hidden, axis, start, end)), ...after], axis);
}
