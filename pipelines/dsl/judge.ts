/** A model that judges answers. @module */
import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { JudgedRate } from "../metrics/declared.ts";
import type { MetricSpec } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Who judges, and what of it is reported. */
export interface JudgeOptions {
  /** The address of an OpenAI-compatible endpoint, as in `https://api.openai.com/v1`. */
  readonly endpoint: string;
  /** The model that judges. */
  readonly model: string;
  /** The name of the environment variable with the endpoint's key; only an endpoint on this machine needs none. */
  readonly key?: string;
  /**
   * What is reported, in percent: `"win_rate"`, if omitted; `"discrete_win_rate"`, where each comparison is won, drawn or
   * lost; `"length_controlled_winrate"`, as if both answers were equally long (Dubois et al. 2024), for which `gamed` is
   * given; `"length_controlled_minimal"`, AlpacaEval's variant that needs no other models' comparisons.
   */
  readonly report?: JudgedRate;
  /**
   * The file `df_gamed.csv` of the hub's `tatsu-lab/alpaca_eval`, which the length-controlled win rate is fitted with. Absolute,
   * or relative to the pipeline file. The rows have to be AlpacaEval's instructions in its order.
   */
  readonly gamed?: string;
  /** Whether an answer is weighted by its log-probabilities, as in AlpacaEval 2; `true` if omitted. */
  readonly weighted?: boolean;
  /** The row's field with the instruction; `"instruction"` if omitted. */
  readonly instruction?: string;
  /** What the answers' model is called in `model_outputs.json`; the base model's name if omitted. */
  readonly generator?: string;
  /** What a million tokens of questions cost, in dollars, for the estimate. */
  readonly priceIn?: number;
  /** What a million tokens of answers cost, in dollars, for the estimate. */
  readonly priceOut?: number;
  /** What results call it; what is reported if omitted. */
  readonly name?: string;
}

/**
 * How often another model prefers an answer to the row's completion, as AlpacaEval asks: one token of two names, the first
 * answer drawn from the instruction. Questions and their cost are said before they are asked; each answer is kept by its
 * question's content; failures are tried again, seven times within about two minutes. The key is read from the environment
 * and is written nowhere. predictions.jsonl has each `preference`, and `model_outputs.json` beside it is AlpacaEval's form.
 *
 * @param options Who judges, and what of it is reported.
 * @throws {RequestError} In a run, before it begins, if the endpoint is not an address, takes a key that is not there, or may not
 * be reached; if it refuses the key or the request.
 *
 * @example Win rates on AlpacaEval's instructions
 * ```ts
 * import { baseModel, evaluate, judge, task } from "refract";
 *
 * const { evaluation } = task("ultrafeedback", { data: "./alpaca" });
 * const gpt = { endpoint: "https://api.openai.com/v1", model: "gpt-4.1", key: "OPENAI_API_KEY" };
 * const metrics = [judge(gpt), judge({ ...gpt, report: "length_controlled_winrate", gamed: "./df_gamed.csv" })];
 * const measured = evaluate(baseModel("builtin:tiny"), { ...evaluation, metrics });
 * ```
 */
export function judge(options: JudgeOptions): MetricSpec {
  requireCall("judge", arguments);
  if (options.report === "length_controlled_winrate" && options.gamed === undefined) {
    throw new RequestError(
      'report: "length_controlled_winrate" is fitted with gamed baselines; give their file, as in gamed: "./df_gamed.csv", ' +
        'or report "length_controlled_minimal"',
    );
  }
  return located({ report: "win_rate", weighted: true, instruction: "instruction", ...options, kind: "judge" });
}
