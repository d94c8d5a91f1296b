/** The paper's settings for arithmetic (section 4.3): those of commonsense reasoning, with twelve epochs. */
import { methods as commonsense } from "../commonsense/settings.ts";
import type { Methods } from "../methods.ts";

export const methods: Methods = {
  loreft: { ...commonsense.loreft, epochs: 12 },
  direft: { ...commonsense.direft, epochs: 12 },
  lora: commonsense.lora,
};
