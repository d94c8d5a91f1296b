/** Checks of the settings that several metrics have. @module */
import { isText, leaf, optional } from "../common/checks.ts";

/** A metric's name in results: one word, since results write it after a stage's name. */
export const metricName = leaf(
  "a name of letters, digits, -, . and _",
  (value) => isText(value) && /^\w[\w.-]*$/.test(`${value}`),
);

const aFunction = leaf("a function", (value) => typeof value === "function");

/** An optional function. */
export const optionalFunction = optional(aFunction);

/** Settings of every metric. */
export const namedSettings = { name: optional(metricName) };
/** Settings of metrics that compare predictions. */
export const mappedSettings = { ...namedSettings, map: optionalFunction };
/** Settings of metrics that compare answers. */
export const answerSettings = { ...mappedSettings, extract: optionalFunction };
/** Settings of metrics that compare an answer with one or more references. */
export const referenceSettings = { ...answerSettings, references: optional(leaf("a field's name", isText)) };
