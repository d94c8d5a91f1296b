/** A model that judges answers. @module */
import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { JudgedRate } from "../metrics/declared.ts";
import type { MetricSpec } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** The judge, and what is reported. */
export interface JudgeOptions {
  /** The URL of an OpenAI-compatible endpoint, for example `https://api.openai.com/v1`. */
  readonly endpoint: string;
  /** The name of the model that judges. */
  readonly model: string;
  /**
   * The name of the environment variable that holds the API key; may be omitted only for an endpoint on this machine.
   */
  readonly key?: string;
  /**
   * What is reported, in percent: `"win_rate"`, the default; `"discrete_win_rate"`, where each comparison is won, drawn
   * or lost; `"length_controlled_winrate"`, which estimates the win rate for answers of equal length (Dubois et al.
   * 2024) and needs `gamed`; or `"length_controlled_minimal"`, AlpacaEval's variant that needs no comparisons of other
   * models.
   */
  readonly report?: JudgedRate;
  /**
   * The file `df_gamed.csv` of the hub's `tatsu-lab/alpaca_eval`, which the length-controlled win rate is fitted with. Absolute,
   * or relative to the pipeline file. The rows have to be AlpacaEval's instructions in its order.
   */
  readonly gamed?: string;
  /** Whether the judge's answer is weighted by its log-probabilities, as in AlpacaEval 2; `true` if omitted. */
  readonly weighted?: boolean;
  /** The row's field with the instruction; `"instruction"` if omitted. */
  readonly instruction?: string;
  /** The name of the evaluated model in `model_outputs.json`; the base model's name if omitted. */
  readonly generator?: string;
  /** The price of a million input tokens in dollars, for the cost estimate. */
  readonly priceIn?: number;
  /** The price of a million output tokens in dollars, for the cost estimate. */
  readonly priceOut?: number;
  /** The metric's name in results; the value of `report` if omitted. */
  readonly name?: string;
}

/**
 * How often another model prefers an answer to the row's completion, asked as AlpacaEval asks: the judge answers with
 * one of two names, in one token, and the order of the two answers is drawn from the instruction. The number of
 * questions and their cost are printed before they are asked; the judge's answers are stored under the content of the
 * question; failed requests are retried seven times within about two minutes. The key is read from the environment and
 * never written anywhere. predictions.jsonl has each `preference`, and `model_outputs.json` next to it has AlpacaEval's
 * format.
 *
 * @param options The judge, and what is reported.
 * @throws {RequestError} Before a run begins, if the endpoint is not a URL, its key is not set, or access to it is not
 * permitted; during the run, if it refuses the key or the request.
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
