/**
 * Math word problems (table 2): one model is trained on math_10k, and each set's answers are scored by their last
 * number or first letter. The paper reports AQuA, GSM8K, MAWPS and SVAMP, since questions of the others are trained on.
 */
import { pipeline, settings } from "refract";
import { suiteChoices, trainedOnSuite } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline(
  "arithmetic",
  () =>
    trainedOnSuite(
      "arithmetic",
      methods,
      settings({ ...suiteChoices, only: { default: "AQuA,gsm8k,mawps,SVAMP", about: "The tasks that are tested" } }),
    ),
);
