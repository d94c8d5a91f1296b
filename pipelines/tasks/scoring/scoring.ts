/** How answers are judged, by rules that others have published. @module */

/** A text that a model wrote, and what is right. */
export interface Answered {
  /** What the model wrote. */
  readonly generation: string;
  /** What the row has for an answer. */
  readonly label: string;
  /** What the model was given; a rule takes it to end with its trigger where it is omitted. */
  readonly prompt?: string;
}

/** What a rule makes of a text. */
export interface Verdict {
  /** What it takes for the answer: a text, or a number. */
  readonly extracted: string | number;
  readonly correct: boolean;
}

/** The text in which an answer is sought. */
export interface Trigger {
  /** What follows its first occurrence in prompt and text is the answer; there is none if it does not occur. */
  readonly trigger: string;
  /** Who writes it: a prompt ends with it, or the model has to. */
  readonly writtenBy: "prompt" | "model";
}

/** The settings of each kind of rule. */
export interface ScoringSettings {
  /** pyreft's commonsense tasks: all that follows the trigger is the answer. */
  readonly statedText: Trigger;
  /** pyreft's arithmetic tasks: the last number where the label is one, else the first capital from A to E. */
  readonly numberOrLetter: Trigger;
  /** pyreft's GSM8K: the last number, against that after the last `####` of the label. */
  readonly numberOfSolution: Trigger;
  /** LLM-Adapters: the first of some options that occurs anywhere in the text. */
  readonly firstOption: { readonly options: readonly string[] };
  /** LLM-Adapters: the last number. */
  readonly lastNumber: Readonly<Record<never, never>>;
  /** lm-evaluation-harness' GSM8K: the first number after `#### `, or the last that looks like one. */
  readonly harnessNumber: { readonly found: "strict" | "flexible" };
}

/** A kind of rule. */
export type ScoringKind = keyof ScoringSettings;

/** A rule with its settings. */
export type ScoringSpec = { readonly [K in ScoringKind]: { readonly kind: K } & ScoringSettings[K] }[ScoringKind];

/** What is known of one kind of rule. */
export interface Rule<S extends ScoringSpec> {
  /** @throws {RequestError} If it takes no such label. */
  judge(scoring: S, answered: Answered): Verdict;
}

/** The rule of one kind. */
export type RuleOf<K extends ScoringKind> = Rule<Extract<ScoringSpec, { readonly kind: K }>>;
