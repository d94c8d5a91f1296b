/**
 * LLM-Adapters' rules (`evaluate.py` and `commonsense_evaluate.py`; Hu et al. 2023), which gave the numbers of the
 * paper's baselines. They are applied to the text after `### Response:`, which is the generated text. Unlike pyreft,
 * they keep white space around a label.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import { floatOf } from "../../data/python/numbers.ts";
import { judgedNumber } from "./pyreft.ts";
import type { RuleOf } from "./scoring.ts";

export const firstOption: RuleOf<"firstOption"> = {
  judge({ options }, { generation, label }) {
    const extracted = new RegExp(options.join("|")).exec(generation)?.[0] ?? "";
    return { extracted, correct: extracted === label };
  },
};

export const lastNumberOf: RuleOf<"lastNumber"> = {
  judge(_, { generation, label }) {
    const number = floatOf(label);
    if (number !== undefined) return judgedNumber(generation, number);
    throw new RequestError(`the label ${quote(label)} is not a number, which LLM-Adapters' rule compares; correct it`);
  },
};
