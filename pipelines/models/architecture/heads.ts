/** The head of a checkpoint, and errors about a missing one. @module */
import { RequestError } from "../../common/errors.ts";
import type { Architecture, CheckpointHead } from "./architecture.ts";
import type { ConfigReader } from "./config.ts";
import { isJsonObject } from "../../common/files.ts";

/** The names of transformers' classes with heads that do not predict tokens. */
const classes = /ForSequenceClassification$/;
const bare = /(?<!LMHead)Model$|For(TokenClassification|QuestionAnswering|MultipleChoice|NextSentencePrediction)$/;

/**
 * The head of the class named in a config's `architectures`; if it names none, the head that predicts tokens. A head
 * for a task other than predicting tokens or classifying whole rows counts as none.
 *
 * @throws {RequestError} If `architectures` is not a list of names, the number of classes cannot be determined, or the
 * family has no head that scores classes.
 */
export function readHead(
  config: ConfigReader,
  { family, classifier }: Pick<Architecture, "family" | "classifier">,
): CheckpointHead | undefined {
  const listed = config.raw("architectures") ?? [];
  if (!Array.isArray(listed) || !listed.every((name) => typeof name === "string")) {
    throw config.error("architectures is not a list of names; correct the config");
  }
  const [name = ""] = listed;
  if (bare.test(name)) return undefined;
  if (!classes.test(name)) return "language";
  if (classifier !== undefined) return { classes: readClasses(config) };
  throw config.error(`${family} has no known head that scores classes; use a checkpoint with another head`);
}

/** `num_labels`, or the number of names in `id2label`; transformers' default is 2. */
function readClasses(config: ConfigReader): number {
  const labels = config.raw("id2label");
  if (labels !== undefined && !isJsonObject(labels)) {
    throw config.error("id2label is not an object from class to name; correct the config");
  }
  return config.count("num_labels", labels === undefined ? 2 : Object.keys(labels).length);
}

/**
 * The function for the logits of a model that generates text.
 *
 * @throws {RequestError} If the checkpoint has no head that predicts tokens, or the model is not causal.
 */
export function requireLogits(architecture: Architecture): NonNullable<Architecture["logits"]> {
  const { family, head, logits, causal } = architecture;
  if (!causal) {
    throw new RequestError(
      `the ${family} model is bidirectional, so it can't generate text; use a decoder, or train a classification head`,
    );
  }
  if (logits !== undefined) return logits;
  const found = head === undefined ? "no head" : "a head that scores classes";
  throw new RequestError(
    `the ${family} checkpoint has ${found}, but one that predicts tokens is needed; use a checkpoint whose config.json ` +
      "names a …ForCausalLM or …ForConditionalGeneration among its architectures",
  );
}
