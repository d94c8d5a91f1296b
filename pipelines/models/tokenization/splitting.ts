/**
 * Splitting a text at the matches of a pattern.
 *
 * @module
 */
import { matchesOf } from "./patterns.ts";

/** A part of a text. */
export interface Part {
  readonly text: string;
  /** Whether it is at the beginning of the whole text. */
  readonly isFirst: boolean;
}

/** What happens to the matches, by tokenizer.json's names. */
type Behavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

interface Run {
  readonly start: number;
  readonly end: number;
  readonly isMatch: boolean;
}

/** A behavior by its name, in either spelling. */
export function behaviorOf(name: unknown): Behavior {
  const behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
  const plain = String(name).replaceAll("_", "").toLowerCase();
  const found = behaviors.find((behavior) => behavior.toLowerCase() === plain);
  if (found === undefined) throw new Error(`Unknown behavior: ${name}`);
  return found;
}

/**
 * Splits a part of a text.
 *
 * @param pattern A pattern with the flags `gu` or `gv`.
 * @param isInverted Whether the text between the matches counts as matched.
 * @returns The parts in order, none of them empty.
 */
export function split(part: Part, pattern: RegExp, behavior: Behavior, isInverted = false): Part[] {
  const { text, isFirst } = part;
  if (behavior === "Isolated") {
    const texts = coveringMatches(text, pattern) ?? isolated(text, pattern);
    return texts.map((text, at) => ({ text, isFirst: isFirst && at === 0 }));
  }
  const matches = runs(text, pattern);
  const found = isInverted ? matches.map((run) => ({ ...run, isMatch: !run.isMatch })) : matches;
  return merge(found, behavior).filter(({ start, end }) => end > start).map(({ start, end }) => {
    return { text: text.slice(start, end), isFirst: isFirst && start === 0 };
  });
}

/** The matches of a pattern that cover the whole text, as is common; this is much faster than finding their places. */
function coveringMatches(text: string, pattern: RegExp): readonly string[] | undefined {
  const matches = text.match(pattern) ?? [];
  let length = 0;
  for (const match of matches) {
    if (match === "") return undefined;
    length += match.length;
  }
  if (matches.length === 0 && text !== "") return [text];
  return length === text.length ? matches : undefined;
}

/** The matches and the texts between them, none of them empty. */
function isolated(text: string, pattern: RegExp): readonly string[] {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of matchesOf(text, pattern)) {
    if (start > at) parts.push(text.slice(at, start));
    if (end > start) parts.push(text.slice(start, end));
    at = end;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** The matches, including empty ones, and the texts between them. */
function runs(text: string, pattern: RegExp): Run[] {
  const found: Run[] = [];
  let at = 0;
  for (const { start, end } of matchesOf(text, pattern)) {
    if (start > at) found.push({ start: at, end: start, isMatch: false });
    found.push({ start, end, isMatch: true });
    at = end;
  }
  if (at < text.length) found.push({ start: at, end: text.length, isMatch: false });
  return found;
}

function merge(found: readonly Run[], behavior: Behavior): readonly Run[] {
  switch (behavior) {
    case "Isolated":
      return found;
    case "Removed":
      return found.filter(({ isMatch }) => !isMatch);
    case "Contiguous":
      return joined(found, (last, run) => last.isMatch === run.isMatch);
    case "MergedWithPrevious":
      return joined(found, (last, run) => run.isMatch && !last.isMatch);
    case "MergedWithNext":
      // A match that has already been joined no longer counts as a match.
      return joined(found.toReversed(), (last, run) => run.isMatch && !last.isMatch).toReversed();
  }
}

/** Joins runs to the previous one if they belong to it, judged by the original neighbour. */
function joined(found: readonly Run[], belongs: (last: Run, run: Run) => boolean): Run[] {
  const kept: Run[] = [];
  found.forEach((run, at) => {
    const last = kept.at(-1), neighbour = found[at - 1];
    if (last === undefined || neighbour === undefined || !belongs(neighbour, run)) kept.push(run);
    else {
      const [start, end] = [Math.min(last.start, run.start), Math.max(last.end, run.end)];
      kept[kept.length - 1] = { ...last, start, end };
    }
  });
  return kept;
}
