/** Folders of quantized weights are refused with the name of the quantization method. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openBareModel, openModelWeights } from "../../../../pipelines/models/open/model.ts";
import { quantizedWeights } from "../../../../pipelines/models/weights/quantized_formats.ts";
import { writeSafetensors } from "../../../../pipelines/models/weights/safetensors_writer.ts";
import { writeTinyModel } from "../../../support/tiny_model.ts";
import { assertOneLine, inFolder } from "../support.ts";

/** Fields that transformers and other programs write into config.json. */
const configs: readonly (readonly [config: Readonly<Record<string, unknown>>, name: string])[] = [
  [{ quantization_config: { quant_method: "gptq", bits: 4 } }, "GPTQ"],
  [{ quantization_config: { quant_method: "awq", version: "gemm" } }, "AWQ"],
  [{ quantization_config: { quant_method: "bitsandbytes", load_in_4bit: true } }, "bitsandbytes"],
  [{ quantization_config: { load_in_8bit: true } }, "bitsandbytes"],
  [{ quantization_config: { quant_method: "fp8", fmt: "e4m3" } }, "FP8"],
  [{ quantization_config: { quant_method: "fbgemm_fp8" } }, "FP8"],
  [{ quantization_config: { quant_method: "hqq" } }, "HQQ"],
  [{ quantization_config: { quant_method: "eetq" } }, "EETQ"],
  [{ quantization_config: { quant_method: "compressed-tensors" } }, "compressed-tensors"],
  [{ compression_config: { format: "pack-quantized" } }, "compressed-tensors"],
  [{ quantization_config: { quant_method: "aqlm" } }, "AQLM"],
  [{ quantization_config: { quant_method: "quanto" } }, "Quanto"],
  [{ quantization_config: { quant_method: "torchao" } }, "TorchAO"],
  [{ quantization_config: { quant_method: "mxfp4" } }, "MXFP4"],
  [{ quantization_config: { quant_method: "bitnet" } }, "BitNet"],
  [{ quantization_config: { quant_method: "auto-round" } }, "AutoRound"],
  [{ quantization_config: { quant_method: "next" } }, '"next"'],
  [{ quantization_config: {} }, "a method that it does not name"],
  [{ quantization: { group_size: 64, bits: 4 } }, "MLX"],
];

Deno.test("a config with an unsupported quantization is refused with the method's name", () =>
  inFolder(async (folder) => {
    for (const [config, name] of configs) {
      await writeTinyModel(folder, { config, weights: false });
      const [field] = Object.keys(config);
      await assert.rejects(openBareModel(folder, { base: "/" }), (error) => {
        assert.ok(String(error).includes(`${field} says that the weights are quantized with ${name}, which`));
        return assertOneLine(
          error,
          /config\.json: .*; give the model that it was made from, .*; if its weights are plain, /,
        );
      });
    }
    await writeTinyModel(folder, { config: { quantization_config: null }, weights: false });
    await openBareModel(folder, { base: "/" });
  }));

const module = "model.layers.0.self_attn.q_proj";
/** Tensors of a layer, each with its type. */
const layers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GPTQ: { qweight: "I32", qzeros: "I32", scales: "F16", g_idx: "I32" },
  AWQ: { qweight: "I32", qzeros: "I32", scales: "F16" },
  bitsandbytes: { weight: "U8", "weight.absmax": "U8", "weight.quant_state.bitsandbytes__nf4": "U8" },
  HQQ: { W_q: "U8", meta: "F32" },
  EETQ: { weight: "I8", weight_scales: "F16" },
  FP8: { weight: "F8_E4M3", weight_scale: "F32" },
  "compressed-tensors": { weight_packed: "I32", weight_scale: "BF16", weight_shape: "I64" },
  AQLM: { codes: "I8", codebooks: "F16", scales: "F16" },
  Quanto: { "weight._data": "I8", "weight._scale": "F32" },
  MLX: { weight: "U32", scales: "F16", biases: "F16" },
};

for (const [name, tensors] of Object.entries(layers)) {
  Deno.test(`weights quantized with ${name} are recognized by their tensors`, () => {
    const records = Object.entries(tensors).map(([suffix, dtype]) => {
      const tensor = { name: `${module}.${suffix}`, dtype, shape: [1], file: "/m.safetensors", offset: 8, bytes: 4 };
      return [tensor.name, tensor] as const;
    });
    assertOneLine(
      quantizedWeights(new Map(records)),
      new RegExp(` belongs to weights quantized with ${name}, which .*; give `),
    );
  });
}

Deno.test("a folder of quantized weights that its config does not mention is refused by the format's name", () =>
  inFolder(async (folder) => {
    await writeTinyModel(folder, { weights: false });
    const tensors = ["model.embed_tokens.weight", `${module}.qweight`, `${module}.g_idx`];
    await writeSafetensors(
      join(folder, "model.safetensors"),
      tensors.map((name) => ({ name, shape: [1], data: new Float32Array(1) })),
      {},
    );
    const model = await openBareModel(folder, { base: "/" });
    await assert.rejects(openModelWeights(model, join(folder, "digests.json")), (error) => {
      return assertOneLine(
        error,
        /model\.safetensors: the tensor .*g_idx belongs to weights quantized with GPTQ, which is/,
      );
    });
  }));
