/** What a pipeline needs besides, as its text says before it is loaded. @module */
import { dirname, extname, resolve } from "node:path";
import { code } from "../../tasks/code.ts";
import type { Asked } from "./grants.ts";

/** What a pipeline writes that has a task which is answered by programs. */
const programs = new RegExp(`\\b(?:${Object.keys(code).join("|")}|passAtK)\\b|\\bsuite\\(\\s*["'\`]code\\b`);

/** What a pipeline, or the one of a recipe, asks for. */
export function askedIn(path: string): Asked {
  const text = textOf(path);
  const [, pipeline] = extname(path) === ".ts" ? [] : /^pipeline:\s*["']?([^"'#\n]+?)["']?\s*$/m.exec(text) ?? [];
  const all = pipeline === undefined ? text : `${text}\n${textOf(resolve(dirname(path), pipeline))}`;
  return { programs: programs.test(all), judges: /\bjudge\b/.test(all) ? judgesIn(all) : [] };
}

/** The endpoints that a text has in quotes, each with the key that follows it or comes before it. */
function judgesIn(text: string): Asked["judges"] {
  return [...text.matchAll(/\bendpoint:\s*["'`](https?:\/\/[^"'`\s]+)["'`]/g)].map(({ 1: endpoint, index }) => {
    const near = text.slice(Math.max(0, index - 200), index + 400);
    return { endpoint: endpoint!, key: /\bkey:\s*["'`]([A-Za-z_]\w*)["'`]/.exec(near)?.[1] };
  });
}

/** The command itself says of a file that can't be read what is wrong with it. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
