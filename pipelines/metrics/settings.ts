/** Checks of the settings that several metrics have. @module */
import { isText, leaf, optional } from "../common/checks.ts";

/** What results may call a metric: one word, since they write it after a stage's name. */
export const metricName = leaf(
  "a name of letters, digits, -, . and _",
  (value) => isText(value) && /^\w[\w.-]*$/.test(`${value}`),
);

const aFunction = leaf("a function", (value) => typeof value === "function");

/** What may be omitted and is a function otherwise. */
export const optionalFunction = optional(aFunction);

/** Settings of every metric. */
export const namedSettings = { name: optional(metricName) };
/** Settings of metrics of what is predicted. */
export const mappedSettings = { ...namedSettings, map: optionalFunction };
/** Settings of metrics of answers. */
export const answerSettings = { ...mappedSettings, extract: optionalFunction };
/** Settings of metrics that compare an answer with any of several texts. */
export const referenceSettings = { ...answerSettings, references: optional(leaf("a field's name", isText)) };
