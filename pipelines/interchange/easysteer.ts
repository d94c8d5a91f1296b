/**
 * EasySteer's formats: a GGUF file of directions, or for each LoReFT edit a pyreft folder with one intervention, with a
 * list of the tokens that each acts on, which its requests must name.
 *
 * @module
 */
import { RequestError } from "../common/errors.ts";
import type { Adaptation, Intervention } from "../compile/lower/adaptation.ts";
import type { TensorMap } from "../compile/parameters/initial.ts";
import { type PyreftContent, pyreftContent } from "./pyreft.ts";

/** Fields of EasySteer's ApplySpec. */
type Apply = Readonly<Record<string, "all" | readonly number[]>>;

/** An edit as a request names it: fields of a VectorSpec. */
interface Vector {
  readonly path: string;
  readonly algorithm: "loreft" | "direct";
  readonly layer: number;
  readonly apply: Apply;
}

/** An edit's pyreft folder, and how a request names it. */
interface EditFolder {
  readonly vector: Vector;
  readonly content: PyreftContent;
}

/**
 * The folders of LoReFT edits of block outputs.
 *
 * @param instead What to do about others, as the end of a message.
 * @throws {RequestError} If an adaptation is of another kind, or acts on tokens that a request cannot name.
 */
export function easySteerFolders(
  adaptations: readonly Adaptation[],
  tensors: TensorMap,
  instead: string,
): readonly EditFolder[] {
  return adaptations.map((adaptation) => {
    const edit = requireLoreft(adaptation, instead), block = edit.block!;
    const path = edit.side === "both" ? `layer_${block}` : `layer_${block}_${edit.side}`;
    const vector: Vector = { path, algorithm: "loreft", layer: block, apply: applyOf(edit) };
    return { vector, content: pyreftContent([edit], tensors) };
  });
}

function requireLoreft(adaptation: Adaptation, instead: string): Intervention {
  const { form, kind, site, block, stack } = adaptation;
  if (form !== "intervention" || kind !== "loreft") {
    throw new RequestError(`EasySteer reads loreft, and edits that add a vector, but not ${kind}; ${instead}`);
  }
  if (site !== "block.output" || block === undefined || stack !== undefined) {
    throw new RequestError(`the loreft edits ${site}, but EasySteer's acts only on block.output; ${instead}`);
  }
  if (adaptation.subspace !== undefined || adaptation.options.activation !== "linear") {
    throw new RequestError(`EasySteer's loreft has no subspaces and no activation; ${instead}`);
  }
  return adaptation;
}

/**
 * The tokens that an edit acts on, as a request names them.
 *
 * @throws {RequestError} If they depend on a prompt's text.
 */
export function applyOf({ positions, positionsText, side }: Intervention): Apply {
  const { first, last, completion, selector } = positions;
  if (selector !== undefined) {
    throw new RequestError(
      `the positions ${positionsText} depend on a prompt's text, which a request to EasySteer cannot express; give others ` +
        "with --positions, as in l1",
    );
  }
  const generation = completion ? { generation: "all" } as const : {};
  if (first === Infinity) return { prompt: "all", ...generation };
  const from = Array.from({ length: side === "suffix" ? 0 : first }, (_, at) => at);
  const to = Array.from({ length: side === "prefix" ? 0 : last }, (_, at) => at - last);
  const listed = [...from, ...to];
  return { ...listed.length === 0 ? {} : { prompt_positions: listed }, ...generation };
}

/** The text of the list of edits. */
export function vectorList(vectors: readonly Vector[]): string {
  return JSON.stringify({ vectors }, null, 2) + "\n";
}
