/** Alpaca's prompts (Taori et al. 2023) as in pyreft, with a line break at the end. @module */
import { alpacaPrompts } from "../data/alpaca_prompts.ts";

/** The last line of both prompts. */
export const responseTrigger = "### Response:";

/** The prompt of an instruction without input. */
export const barePrompt = `${alpacaPrompts.withoutInput}\n`;

/** The prompt of an instruction with an input. */
export const inputPrompt = `${alpacaPrompts.withInput}\n`;
