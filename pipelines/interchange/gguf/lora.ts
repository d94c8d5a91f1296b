/** LoRA adapters as llama.cpp reads them. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { Adaptation, Adapter } from "../../compile/lower/adaptation.ts";
import { requireEveryToken } from "../../compile/lower/every_token.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { ggufProjection } from "../../models/gguf/family_names.ts";
import type { KnownArchitecture } from "../../models/gguf/names.ts";
import { onnxInstead } from "../../compile/lower/onnx_instead.ts";
import { encodeGguf, type FloatTensor } from "./file.ts";

/** What is written. */
interface LoraSource {
  readonly architecture: Architecture;
  /** `general.architecture` of the base's files. */
  readonly named: KnownArchitecture;
  readonly adaptations: readonly Adaptation[];
  readonly tensors: TensorMap;
}

/**
 * The bytes of a file, in parts.
 *
 * @throws {RequestError} If an adaptation is not LoRA, or adapts a projection that the base's files fuse with others.
 */
export function loraFile({ architecture, named, adaptations, tensors }: LoraSource): Uint8Array<ArrayBuffer>[] {
  const instead = onnxInstead({ architecture, adaptations });
  const adapters = adaptations.map((each) => requireLora(each, instead)), [{ options }] = adapters as [Adapter];
  // llama.cpp scales by alpha/rank, or by 1 if alpha is 0: differing scalings are folded into B.
  const isOne = adapters.every((each) => each.options.scaling * each.options.rank === options.scaling * options.rank);
  const seen = new Set<string>();
  const written = adapters.flatMap(
    ({ index, module, block, weight, inputs, options: { rank, scaling } }): FloatTensor[] => {
      const a = ownValue(tensors, `${index}.lora_A`)!.data as Float32Array<ArrayBuffer>;
      const b = ownValue(tensors, `${index}.lora_B`)!.data as Float32Array<ArrayBuffer>, outputs = b.length / rank;
      const projection = ggufProjection(named, weight, { outputs, block }, architecture.heads);
      if (projection === undefined) {
        throw new RequestError(
          `GGUF files of ${named} models have no separate projection ${module}; export an adapter of others, or merge it`,
        );
      }
      const { name, row } = projection;
      if (seen.has(name)) {
        throw new RequestError(`a GGUF adapter has one change per projection, but this has two for ${name}`);
      }
      seen.add(name);
      const moved = new Float32Array(b.length), factor = isOne ? 1 : scaling;
      for (let output = 0; output < outputs; output++) {
        for (let at = 0; at < rank; at++) moved[row(output) * rank + at] = factor * b[output * rank + at]!;
      }
      return [
        { name: `${name}.lora_a`, shape: [rank, inputs], data: a },
        { name: `${name}.lora_b`, shape: [outputs, rank], data: moved },
      ];
    },
  );
  return encodeGguf({
    "general.architecture": { text: named },
    "general.type": { text: "adapter" },
    "adapter.type": { text: "lora" },
    "adapter.lora.alpha": { number: isOne ? options.scaling * options.rank : 0 },
  }, written);
}

function requireLora(adaptation: Adaptation, instead: string): Adapter {
  if (adaptation.form === "adapter" && adaptation.kind === "lora") {
    requireEveryToken(adaptation, "llama.cpp's adapters act on every token");
    return adaptation;
  }
  const isEverywhere = adaptation.form === "adapter" && adaptation.positions === undefined;
  throw new RequestError(
    `GGUF files hold LoRA or control vectors, but not ${adaptation.kind}; ${
      isEverywhere ? "merge it, and convert the model" : instead
    }`,
  );
}
