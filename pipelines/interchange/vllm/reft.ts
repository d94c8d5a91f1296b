/** Edits for vLLM's ReFT fork: the tensors of a common form of edit for each block, and where they act. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { InterventionName } from "../../../ops/interventions/mod.ts";
import { RequestError } from "../../common/errors.ts";
import type { Adaptation, Intervention } from "../../compile/lower/adaptation.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { NamedTensor } from "../../models/weights/safetensors_writer.ts";

/** The files that {@linkcode vllmContent} is written to, beside refract_reft.py, which reads them. */
export const vllmFiles = { module: "refract_reft.py", tensors: "reft.safetensors", list: "reft.json" } as const;

/** Edits as refract_reft.py reads them. */
interface VllmContent {
  readonly list: string;
  readonly tensors: readonly NamedTensor[];
}

type Own = Readonly<Record<string, Float32Array<ArrayBuffer>>>;
/** The tensors of `h + (act(Wh + b) − (Rh + c))·V`; those omitted are 0. */
type Parts = Readonly<
  Partial<Record<"weight" | "bias" | "removed" | "removed_bias" | "written", Float32Array<ArrayBuffer>>>
>;

/** [width, rank] as [rank, width]. */
function turned(matrix: Float32Array, width: number, rank: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rank * width }, (_, at) => matrix[(at % width) * rank + Math.floor(at / width)]!);
}

/** Each kind in that form, if it has it. */
const forms: Readonly<Record<InterventionName, ((own: Own, width: number, rank: number) => Parts) | undefined>> = {
  loreft({ rotate, weight, bias }, width, rank) {
    const rows = turned(rotate!, width, rank);
    return { weight: weight!, bias: bias!, removed: rows, written: rows };
  },
  noreft: ({ proj, proj_bias, weight, bias }) => {
    const removed = { removed: proj!, ...proj_bias && { removed_bias: proj_bias } };
    return { weight: weight!, bias: bias!, ...removed, written: proj! };
  },
  direft({ rotate, proj, weight, bias }, width, rank) {
    return { weight: weight!, bias: bias!, written: proj ?? turned(rotate!, width, rank) };
  },
  consreft({ rotate, bias }, width, rank) {
    const rows = turned(rotate!, width, rank);
    return { bias: bias!, removed: rows, written: rows };
  },
  lobireft: ({ rotate, bias }, width, rank) => ({ bias: bias!, written: turned(rotate!, width, rank) }),
  red: undefined,
  road: undefined,
  gatedDirection: undefined,
};

/** The fork's names of positions. */
const positionNames: ReadonlyMap<string, string> = new Map([
  ["f1", "first"],
  ["l1", "last"],
  ["all", "prefill"],
  ["completion", "decode"],
  ["generated", "decode"],
  ["all+completion", "all"],
]);

/**
 * The content of a folder for vLLM.
 *
 * @param instead What to do about edits that it cannot hold, as the end of a message.
 * @throws {RequestError} If the fork has no edits like these.
 */
export function vllmContent(
  adaptations: readonly Adaptation[],
  tensors: TensorMap,
  instead: string,
): VllmContent {
  const edits = adaptations.map((each) => requireEdit(each, instead)), [first] = edits as [Intervention];
  const same = (each: Intervention) => [each.rank, each.options.activation, each.positionsText].join();
  const other = edits.find((each) => same(each) !== same(first));
  if (other !== undefined) {
    throw new RequestError(
      "vLLM's ReFT takes edits with the same rank, activation and position; export them one by one",
    );
  }
  const twice = edits.find((each, at) => edits.findIndex(({ block }) => block === each.block) !== at);
  if (twice !== undefined) {
    throw new RequestError(`vLLM's ReFT takes one edit per block, but this has two for block ${twice.block}`);
  }
  const { rank, width, options: { activation }, positionsText } = first;
  const written = edits.flatMap(({ kind, block, index, tensors: roles }): NamedTensor[] => {
    const own = Object.fromEntries(
      Object.keys(roles).map((
        name,
      ) => [name, ownValue(tensors, `${index}.${name}`)!.data as Float32Array<ArrayBuffer>]),
    );
    const parts = forms[kind]!(own, width, rank), zeros = (count: number) => new Float32Array(count);
    const matrix = (name: "weight" | "removed" | "written"): NamedTensor => {
      return { name: `${block}.${name}`, shape: [rank, width], data: parts[name] ?? zeros(rank * width) };
    };
    const vector = (name: "bias" | "removed_bias"): NamedTensor => {
      return { name: `${block}.${name}`, shape: [rank], data: parts[name] ?? zeros(rank) };
    };
    return [matrix("weight"), vector("bias"), matrix("removed"), vector("removed_bias"), matrix("written")];
  });
  const listed = {
    layer_indices: edits.map(({ block }) => block),
    position: positionNames.get(positionsText),
    adapter: { hidden_size: width, low_rank_dim: rank, activation },
  };
  return { list: JSON.stringify(listed, null, 2) + "\n", tensors: written };
}

function requireEdit(adaptation: Adaptation, instead: string): Intervention {
  const { form, kind, site, block, stack } = adaptation;
  if (form !== "intervention") {
    const isEverywhere = form === "adapter" && adaptation.positions === undefined;
    const served = kind === "lora"
      ? "export it --to peft, which vLLM reads"
      : "merge it into a model, which vLLM reads";
    throw new RequestError(`vLLM's ReFT takes edits, but not ${kind}; ${isEverywhere ? served : instead}`);
  }
  if (forms[adaptation.kind] === undefined) {
    const known = Object.keys(forms).filter((name) => forms[name as InterventionName] !== undefined).join(", ");
    throw new RequestError(`exports to vLLM's ReFT support ${known}, but not ${kind}; ${instead}`);
  }
  if (site !== "block.output" || block === undefined || stack !== undefined) {
    throw new RequestError(`the ${kind} edits ${site}, but vLLM's ReFT acts on block.output; ${instead}`);
  }
  if (adaptation.subspace !== undefined) {
    throw new RequestError(`vLLM's ReFT has no subspaces; ${instead}`);
  }
  if (positionNames.has(adaptation.positionsText)) return adaptation;
  throw new RequestError(
    `the ${kind} edits the positions ${adaptation.positionsText}, but vLLM's ReFT knows ${
      [...positionNames.keys()].join(", ")
    }; give one of these with --positions, or ${instead}`,
  );
}
