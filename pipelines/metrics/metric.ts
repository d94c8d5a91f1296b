/** What a metric is. @module */

/** What an evaluation says of one row. */
export interface Prediction {
  readonly prompt: string;
  /** The second text of a pair. */
  readonly pair?: string;
  /** The row's own completion, or its label's name or number. */
  readonly completion: string;
  /**
   * What the completion's tokens say when they are decoded as answers are, if that is another text: a tokenizer may clean
   * up spaces, omit special tokens or change letters.
   */
  readonly taught?: string;
  /** The model's answer, where the evaluation decodes or a head predicts: a text, a class's name or a number. */
  readonly prediction?: string | number;
  /**
   * The sum of the completion's negative log-likelihoods in nats, and its number of tokens, where scored; of a label the
   * negative log-likelihood, of a number the squared error.
   */
  readonly loss?: number;
  readonly tokens?: number;
  /** Of each class by its name. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** What a head predicts of a row beside what the row has: classes by their ids, or numbers. */
export interface HeadPrediction {
  readonly expected: number;
  readonly predicted: number;
  readonly loss: number;
}

/** A metric of the texts that a model without a head writes. */
interface TextMeasure {
  /** What has to be made of the rows first: answers, which take a decoding, or scores of their completions. */
  readonly reads: "answers" | "scores";
  readonly of: (rows: readonly Prediction[]) => number;
}

/** A metric of the classes that a head predicts. */
interface ClassMeasure {
  /** What else to measure where a head has not two classes, if the metric is defined for two alone. */
  readonly insteadOfBinary?: string;
  readonly of: (rows: readonly HeadPrediction[]) => number;
}

/** A metric of the numbers that a head predicts. */
interface NumberMeasure {
  /** Whether it is defined where all rows have the same number. */
  readonly takesEqualNumbers: boolean;
  readonly of: (rows: readonly HeadPrediction[]) => number;
  /** Why the number that some rows give is not to be relied on, if it isn't. */
  readonly caution?: (rows: readonly HeadPrediction[]) => string | undefined;
}

/** What a model predicts, which decides the metrics that apply: it writes texts, or its head predicts something. */
interface Measures {
  readonly texts: TextMeasure;
  readonly classes: ClassMeasure;
  readonly numbers: NumberMeasure;
}

/** The kinds of what a model predicts. */
export type PredictionKind = keyof Measures;

/** A number computed from an evaluation's predictions. */
export interface Metric {
  /** How a pipeline writes it. */
  readonly call: string;
  /** Whether less of it is better. */
  readonly lowerIsBetter: boolean;
  /** How it is computed of each kind of prediction that it applies to. */
  readonly measures: Partial<Measures>;
}
