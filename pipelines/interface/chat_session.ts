/**
 * Turns typed lines into prompts: each separately, or as turns of one conversation.
 *
 * @module
 */
import type { Render } from "../data/chat/template.ts";
import { encodeTurns } from "../data/chat/tokens.ts";
import { findTurns } from "../data/chat/turns.ts";
import type { Message } from "../data/chat/conversation.ts";
import { around } from "../data/chat/example.ts";
import { type TokenizedPrompt, tokenizePrompt } from "../data/examples.ts";
import { encodeUnanswered } from "../models/tokenization/joint_tokens.ts";
import { fillTemplate, parseTemplate } from "../data/template.ts";
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";

/** Makes prompts from lines, and receives the answers. */
export interface ChatSession {
  /**
   * The prompt of the next line, and how many messages were dropped to make it fit. If even the line alone is too long,
   * the prompt does not fit, and the session is unchanged.
   */
  ask(line: string, fits: (prompt: readonly number[]) => boolean): {
    readonly prompt: TokenizedPrompt;
    readonly forgotten: number;
  };
  /** Receives the answer to the last line. */
  answered(text: string): void;
  /** Tokens that end an answer besides the model's own. */
  readonly endTokens: ReadonlySet<number>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Treats each line as a separate prompt, with a template of `{prompt}` and other fields.
 *
 * @param hasEncoder Whether only an encoder reads the prompt, so that none of its tokens can be part of the answer.
 */
export function lineByLine(
  template: string,
  fields: Fields,
  tokenizer: Tokenizer,
  { hasEncoder }: { readonly hasEncoder: boolean },
): ChatSession {
  const segments = parseTemplate(template, "prompt");
  return {
    ask(line) {
      const known = { ...fields, prompt: line };
      const source = { ...fillTemplate(segments, { fields: known }, "prompt"), fields: known };
      if (hasEncoder) return { prompt: tokenizePrompt(source, tokenizer), forgotten: 0 };
      const { prompt, text } = encodeUnanswered(source.text, tokenizer);
      return { prompt: { prompt, source: { ...source, text } }, forgotten: 0 };
    },
    answered() {},
    endTokens: new Set(),
  };
}

/** Holds a conversation in which each line is the next turn. */
export function inConversation(
  render: Render,
  system: string | undefined,
  fields: Fields,
  tokenizer: Tokenizer,
): ChatSession {
  const opening: readonly Message[] = system === undefined ? [] : [{ role: "system", content: system }];
  let turns: readonly Message[] = [];
  const promptOf = (messages: readonly Message[], line: string) =>
    conversationPrompt(render, [...opening, ...messages], { ...fields, prompt: line, messages }, tokenizer);
  return {
    ask(line, fits) {
      const before = turns, extended = [...before, { role: "user", content: line }];
      // A question is dropped together with its answer.
      for (let forgotten = 0;; forgotten += 2) {
        turns = extended.slice(forgotten);
        const prompt = promptOf(turns, line);
        if (fits(prompt.prompt)) return { prompt, forgotten };
        if (turns.length > 1) continue;
        turns = before;
        return { prompt, forgotten: 0 };
      }
    },
    answered(text) {
      turns = [...turns, { role: "assistant", content: text }];
    },
    endTokens: turnEndsOf(render, opening, tokenizer),
  };
}

/** The prompt for the next turn of a conversation. */
export function conversationPrompt(
  render: Render,
  messages: readonly Message[],
  fields: Fields,
  tokenizer: Tokenizer,
): TokenizedPrompt {
  const asked = render(messages, undefined, { addGenerationPrompt: true }).text;
  const { prompt, text } = encodeUnanswered(asked, { ...tokenizer, around });
  return { prompt, source: { text, spans: {}, fields } };
}

/** The token with which a template ends a turn, if it is a special token. */
export function turnEndsOf(render: Render, opening: readonly Message[], tokenizer: Tokenizer): ReadonlySet<number> {
  const sample = [...opening, { role: "user", content: "a" }, { role: "assistant", content: "b" }];
  const { endToken } = encodeTurns(findTurns(sample, "completion", render, undefined), tokenizer);
  return new Set(endToken === undefined ? [] : [endToken]);
}
