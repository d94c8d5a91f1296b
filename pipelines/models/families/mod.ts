/** The known architectures, by the `model_type` in config.json. @module */
import { nearest, quote } from "../../common/suggest.ts";
import { RequestError } from "../../common/errors.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { bert } from "./bert.ts";
import { bloom } from "./bloom.ts";
import { cohere, cohere2 } from "./cohere.ts";
import { deberta } from "./deberta.ts";
import { type FamilyName, fieldDefaults } from "./defaults.ts";
import { distilBert } from "./distilbert.ts";
import { falcon } from "./falcon.ts";
import { gemma, gemma2, gemma3 } from "./gemma.ts";
import { gpt2 } from "./gpt2.ts";
import { gptNeo } from "./gpt_neo.ts";
import { gptNeoX } from "./gpt_neox.ts";
import { gptJ } from "./gptj.ts";
import { granite, llama, mistral, qwen2, qwen3, smollm3 } from "./llama.ts";
import { mixtral } from "./mixtral.ts";
import { modernBert } from "./modernbert.ts";
import { olmo, olmo2 } from "./olmo.ts";
import { opt } from "./opt.ts";
import { phi } from "./phi.ts";
import { phi3 } from "./phi3.ts";
import { roberta } from "./roberta.ts";
import { stableLm } from "./stablelm.ts";
import { starcoder2 } from "./starcoder2.ts";
import { t5 } from "./t5.ts";

const families: Readonly<Record<FamilyName, (config: ConfigReader) => Architecture>> = {
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
  if (isFamily(family)) return families[family](config.withDefaults(fieldDefaults[family]));
  const names = Object.keys(families), near = typeof family === "string" ? nearest(family, names) : undefined;
  const known = `known are ${names.join(", ")}`,
    remedy = near === undefined ? known : `did you mean ${quote(near)} (${known})`;
  throw new RequestError(
    `model_type ${JSON.stringify(family ?? null)} is not supported; ${remedy}`,
    { file: config.file },
  );
}

function isFamily(name: unknown): name is FamilyName {
  return typeof name === "string" && Object.hasOwn(families, name);
}
