/**
 * Folders with weights quantized by another program: none is supported, and errors name the program.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import type { TensorRecord } from "./safetensors_table.ts";

/** A way of quantizing weights. */
interface QuantizedFormat {
  readonly name: string;
  /** Its values of `quant_method` in a config. */
  readonly methods: readonly string[];
  /** Names of tensors that no unquantized folder has; if several formats match, the first one counts. */
  readonly tensors?: RegExp;
  /** The safetensors type that only its weights have. */
  readonly types?: RegExp;
}

const formats: readonly QuantizedFormat[] = [
  { name: "GPTQ", methods: ["gptq"], tensors: /\.g_idx$/ },
  { name: "AWQ", methods: ["awq"], tensors: /\.(qweight|qzeros)$/ },
  {
    name: "bitsandbytes",
    methods: ["bitsandbytes", "bitsandbytes_4bit", "bitsandbytes_8bit"],
    tensors: /\.(absmax|nested_absmax|quant_map|nested_quant_map|SCB|weight_format|quant_state\.bitsandbytes__\w+)$/,
  },
  { name: "HQQ", methods: ["hqq"], tensors: /\.W_q$/ },
  { name: "EETQ", methods: ["eetq"], tensors: /\.weight_scales$/ },
  { name: "FP8", methods: ["fp8", "fbgemm_fp8"], tensors: /\.weight_scale_inv$/, types: /^F8_/ },
  {
    name: "compressed-tensors",
    methods: ["compressed-tensors", "compressed_tensors", "sparseml"],
    tensors: /\.weight_(packed|shape|scale|zero_point|global_scale)$/,
  },
  { name: "AQLM", methods: ["aqlm"], tensors: /\.codebooks$/ },
  { name: "Quanto", methods: ["quanto"], tensors: /\.weight\._(data|scale|shift)$/ },
  { name: "VPTQ", methods: ["vptq"], tensors: /\.centroids(\.weight)?$/ },
  { name: "SpQR", methods: ["spqr"], tensors: /\.dense_weights$/ },
  { name: "MXFP4", methods: ["mxfp4"], tensors: /_blocks$/ },
  { name: "MLX", methods: [], tensors: /\.scales$/ },
  { name: "AutoRound", methods: ["auto-round", "intel/auto-round"] },
  { name: "BitNet", methods: ["bitnet"] },
  { name: "FP-Quant", methods: ["fp_quant"] },
  { name: "HIGGS", methods: ["higgs"] },
  { name: "Quark", methods: ["quark"] },
  { name: "TorchAO", methods: ["torchao"] },
  { name: "ModelOpt", methods: ["modelopt"] },
  { name: "ExLlama", methods: ["exl2", "exl3"] },
];

const remedy =
  'give the model that it was made from, with { quantize: "q4" } or "q8" for fewer bits, or a GGUF file of it';

/**
 * Refuses a config that specifies a quantization, whatever the weights are: transformers would quantize plain ones.
 *
 * @throws {RequestError} With the format's name.
 */
export function refuseQuantizedConfig(config: JsonObject, file: string): void {
  for (const field of ["quantization_config", "compression_config", "quantization"]) {
    const declared = ownValue(config, field);
    if (!isJsonObject(declared)) continue;
    const plain = `if its weights are plain, remove ${field}`;
    throw new RequestError(
      `${field} says that the weights are quantized with ${nameOf(field, declared)}, which is not supported; ` +
        `${remedy}; ${plain}`,
      { file },
    );
  }
}

function nameOf(field: string, declared: JsonObject): string {
  const method = declared["quant_method"];
  if (typeof method === "string") {
    return formats.find(({ methods }) => methods.includes(method.toLowerCase()))?.name ?? JSON.stringify(method);
  }
  if (declared["load_in_4bit"] === true || declared["load_in_8bit"] === true) return "bitsandbytes";
  if (field === "compression_config") return "compressed-tensors";
  return field === "quantization" ? "MLX" : "a method that it does not name";
}

/** The error for files with quantized weights; `undefined` if they have none. */
export function quantizedWeights(tensors: ReadonlyMap<string, TensorRecord>): RequestError | undefined {
  const all = [...tensors.values()];
  for (const { name, tensors: named, types } of formats) {
    const found = all.find((tensor) => named?.test(tensor.name) === true || types?.test(tensor.dtype) === true);
    if (found === undefined) continue;
    return new RequestError(
      `the tensor ${found.name} belongs to weights quantized with ${name}, which is not supported; ${remedy}`,
      { file: found.file },
    );
  }
  return undefined;
}
