/** The known architectures: `model_type` of config.json to the file that builds it. @module */
import { RequestError } from "../common/errors.ts";
import type { Architecture } from "./architecture.ts";
import type { ConfigReader } from "./config.ts";
import { bert } from "./families/bert.ts";
import { bloom } from "./families/bloom.ts";
import { cohere, cohere2 } from "./families/cohere.ts";
import { deberta } from "./families/deberta.ts";
import { distilBert } from "./families/distilbert.ts";
import { falcon } from "./families/falcon.ts";
import { gemma, gemma2, gemma3 } from "./families/gemma.ts";
import { gpt2 } from "./families/gpt2.ts";
import { gptNeo } from "./families/gpt_neo.ts";
import { gptNeoX } from "./families/gpt_neox.ts";
import { gptJ } from "./families/gptj.ts";
import { granite, llama, mistral, qwen2, qwen3, smollm3 } from "./families/llama.ts";
import { mixtral } from "./families/mixtral.ts";
import { modernBert } from "./families/modernbert.ts";
import { olmo, olmo2 } from "./families/olmo.ts";
import { opt } from "./families/opt.ts";
import { phi } from "./families/phi.ts";
import { phi3 } from "./families/phi3.ts";
import { roberta } from "./families/roberta.ts";
import { stableLm } from "./families/stablelm.ts";
import { starcoder2 } from "./families/starcoder2.ts";
import { t5 } from "./families/t5.ts";

const families: Readonly<Record<string, (config: ConfigReader) => Architecture>> = {
  llama,
  mistral,
  mixtral,
  qwen2,
  qwen3,
  smollm3,
  granite,
  gemma,
  gemma2,
  gemma3_text: gemma3,
  phi,
  phi3,
  gpt2,
  gpt_neo: gptNeo,
  gpt_neox: gptNeoX,
  gptj: gptJ,
  opt,
  falcon,
  stablelm: stableLm,
  olmo,
  olmo2,
  cohere,
  cohere2,
  starcoder2,
  bloom,
  bert,
  roberta,
  "xlm-roberta": roberta,
  camembert: roberta,
  distilbert: distilBert,
  modernbert: modernBert,
  "deberta-v2": deberta,
  t5,
};

/**
 * The architecture of a config.
 *
 * @throws {RequestError} If its `model_type` is not known.
 */
export function architectureOf(config: ConfigReader): Architecture {
  const family = config.raw("model_type");
  const build = typeof family === "string" && Object.hasOwn(families, family) ? families[family] : undefined;
  if (build !== undefined) return build(config);
  throw new RequestError(
    `model_type ${JSON.stringify(family ?? null)} is not supported; known are ${Object.keys(families).join(", ")}`,
    { file: config.file },
  );
}
