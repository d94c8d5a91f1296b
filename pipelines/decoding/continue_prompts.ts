/** Continuing a batch of prompts, each until it is done. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import { Continuation, type Generator, type Logits, type Step } from "./continuation.ts";

/** What writes on from one prompt, on as many rows as all others of its batch. */
export interface Writer {
  /** The most tokens that it may write. */
  readonly room: number;
  /** Whether it writes no more. */
  readonly isDone: boolean;
  /**
   * Takes the logits of what follows each of its rows, of which there is at first one, seen as all of them.
   *
   * @returns What each of its rows continues with, counted among its own; ignored once it is done.
   */
  advance(logits: Logits): readonly Step[];
}

/** Prompts that are continued together. */
interface Part {
  readonly writers: readonly Writer[];
  /** What each row continues with. */
  readonly steps: readonly Step[];
  readonly continuation: Continuation;
}

/**
 * Lets every writer continue its prompt. A prompt leaves the batch when its writer is done; where those that are left
 * would take too much memory, they continue in halves, one after the other.
 *
 * @param writers One a prompt.
 * @param copies How many rows a writer has.
 */
export async function continuePrompts(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  writers: readonly Writer[],
  copies: number,
): Promise<void> {
  const open = [...prompts.keys()].filter((at) => !writers[at]!.isDone), asked = open.map((at) => writers[at]!);
  if (open.length === 0) return;
  const room = Math.max(...asked.map((writer) => writer.room));
  const { continuation, logits } = await Continuation.start(generator, open.map((at) => prompts[at]!), {
    room,
    copies,
  });
  const waiting: Part[] = [{ continuation, ...advance(asked, logits, copies) }];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    while (part.writers.length > 0) {
      const { continuation, writers, steps }: Part = part;
      if (writers.length > 1 && !continuation.canContinue(steps.length)) {
        waiting.push(...halves(part, copies));
        break;
      }
      part = { continuation, ...advance(writers, await continuation.next(steps), copies) };
    }
  }
}

/** The writers that go on, and what with. */
function advance(writers: readonly Writer[], logits: Logits, copies: number): Omit<Part, "continuation"> {
  const open = writers.flatMap((writer, at) => {
    const steps = writer.advance((copy) => logits(at * copies + copy));
    return writer.isDone
      ? []
      : [{ writer, steps: steps.map(({ from, token }) => ({ from: at * copies + from, token })) }];
  });
  return { writers: open.map(({ writer }) => writer), steps: open.flatMap(({ steps }) => steps) };
}

function halves({ continuation, writers, steps }: Part, copies: number): Part[] {
  const middle = Math.ceil(writers.length / 2);
  return [[middle, writers.length], [0, middle]].map(([start, end]) => {
    const own = steps.slice(start! * copies, end! * copies);
    return {
      continuation: continuation.take(own.map(({ from }) => from)),
      writers: writers.slice(start, end),
      steps: own.map(({ token }, from) => ({ from, token })),
    };
  });
}
