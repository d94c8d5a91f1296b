/** Which head a checkpoint has, and what can't be done without one. @module */
import { RequestError } from "../../common/errors.ts";
import type { Architecture, CheckpointHead } from "./architecture.ts";
import type { ConfigReader } from "./config.ts";
import { isJsonObject } from "../../common/files.ts";

/** The heads that transformers' classes are named for, beside those that predict tokens. */
const classes = /ForSequenceClassification$/;
const bare = /(?<!LMHead)Model$|For(TokenClassification|QuestionAnswering|MultipleChoice|NextSentencePrediction)$/;

/**
 * The head of the class that a config's `architectures` names; the one that predicts tokens where it names none. A head
 * for another task than tokens and classes of whole rows counts as none.
 *
 * @throws {RequestError} If `architectures` is not a list of names, if the number of classes is not to be had, or if the
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
  throw config.error(`${family} has no known head that scores classes; take a checkpoint with another head`);
}

/** `num_labels`, or as many as `id2label` names; transformers' default is 2. */
function readClasses(config: ConfigReader): number {
  const labels = config.raw("id2label");
  if (labels !== undefined && !isJsonObject(labels)) {
    throw config.error("id2label is not an object from class to name; correct the config");
  }
  return config.count("num_labels", labels === undefined ? 2 : Object.keys(labels).length);
}

/**
 * The logits of a model that continues with texts.
 *
 * @throws {RequestError} If the checkpoint has no head for them, or if its tokens see those that would be predicted.
 */
export function requireLogits(architecture: Architecture): NonNullable<Architecture["logits"]> {
  const { family, head, logits, causal } = architecture;
  if (!causal) {
    throw new RequestError(
      `the ${family} model reads a text from both sides, so it can't continue with one; take a decoder, or train its classes`,
    );
  }
  if (logits !== undefined) return logits;
  const found = head === undefined ? "no head" : "a head that scores classes";
  throw new RequestError(
    `the ${family} checkpoint has ${found} where one that predicts tokens is needed; take a checkpoint whose config.json ` +
      "names a …ForCausalLM or …ForConditionalGeneration among its architectures",
  );
}
