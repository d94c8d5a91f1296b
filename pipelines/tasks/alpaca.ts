/** Alpaca's prompts (Taori et al. 2023) as pyreft has them, with a line break at the end. @module */
import { alpacaPrompts } from "../data/alpaca_prompts.ts";

/** The last line of both. */
export const responseTrigger = "### Response:";

/** Of an instruction alone. */
export const barePrompt = `${alpacaPrompts.withoutInput}\n`;

/** Of an instruction with an input. */
export const inputPrompt = `${alpacaPrompts.withInput}\n`;
