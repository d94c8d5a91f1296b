/**
 * Commonsense reasoning in eight sets (table 1): one model is trained on all of them and generates the answers. A
 * recipe next to this file names the base model; `--set method=direft` or `lora` trains another method.
 */
import { pipeline, settings } from "refract";
import { suiteChoices, trainedOnSuite } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("commonsense", () => trainedOnSuite("commonsense", methods, settings(suiteChoices)));
