/** Scoring answers by published rules. @module */

/** A generated text, and the correct answer. */
export interface Answered {
  /** The generated text. */
  readonly generation: string;
  /** The row's answer. */
  readonly label: string;
  /** The prompt; if omitted, it is assumed to end with the rule's trigger. */
  readonly prompt?: string;
}

/** A rule's result for a text. */
export interface Verdict {
  /** The answer that it found: a text or a number. */
  readonly extracted: string | number;
  readonly correct: boolean;
}

/** Where a rule looks for the answer. */
export interface Trigger {
  /** The answer follows its first occurrence in prompt and text; there is no answer if it does not occur. */
  readonly trigger: string;
  /** Who writes it: the prompt ends with it, or the model must generate it. */
  readonly writtenBy: "prompt" | "model";
}

/** The settings of each kind of rule. */
export interface ScoringSettings {
  /** pyreft's commonsense tasks: everything after the trigger is the answer. */
  readonly statedText: Trigger;
  /**
   * pyreft's arithmetic tasks: the last number if the label is a number, otherwise the first capital letter from A to
   * E.
   */
  readonly numberOrLetter: Trigger;
  /** pyreft's GSM8K: the last number, compared with the one after the last `####` in the label. */
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

/** One kind of rule. */
export interface Rule<S extends ScoringSpec> {
  /** @throws {RequestError} If the rule does not accept the label. */
  judge(scoring: S, answered: Answered): Verdict;
}

/** The rule of one kind. */
export type RuleOf<K extends ScoringKind> = Rule<Extract<ScoringSpec, { readonly kind: K }>>;
