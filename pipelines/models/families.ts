/** The known architectures: `model_type` of config.json to the file that builds it. @module */
import { RequestError } from "../errors.ts";
import type { Architecture } from "./architecture.ts";
import type { ConfigReader } from "./config.ts";
import { llama } from "./llama.ts";

const families: Readonly<Record<string, (config: ConfigReader) => Architecture>> = {
  llama,
  mistral: llama,
  qwen2: llama,
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
