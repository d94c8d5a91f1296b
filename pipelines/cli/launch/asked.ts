/** What else a pipeline needs, according to its text, before it is loaded. @module */
import { dirname, extname, resolve } from "node:path";
import { code } from "../../tasks/code.ts";
import type { Asked } from "./grants.ts";

/** Text in a pipeline with a task that has programs as answers. */
const programs = new RegExp(`\\b(?:${Object.keys(code).join("|")}|passAtK)\\b|\\bsuite\\(\\s*["'\`]code\\b`);

/** What a pipeline, or the one of a recipe, asks for. */
export function askedIn(path: string): Asked {
  const text = textOf(path);
  const [, pipeline] = extname(path) === ".ts" ? [] : /^pipeline:\s*["']?([^"'#\n]+?)["']?\s*$/m.exec(text) ?? [];
  const all = pipeline === undefined ? text : `${text}\n${textOf(resolve(dirname(path), pipeline))}`;
  return { programs: programs.test(all), judges: /\bjudge\b/.test(all) ? judgesIn(all) : [] };
}

/** The endpoints that a text has in quotes, each with the key that follows or precedes it. */
function judgesIn(text: string): Asked["judges"] {
  return [...text.matchAll(/\bendpoint:\s*["'`](https?:\/\/[^"'`\s]+)["'`]/g)].map(({ 1: endpoint, index }) => {
    const near = text.slice(Math.max(0, index - 200), index + 400);
    return { endpoint: endpoint!, key: /\bkey:\s*["'`]([A-Za-z_]\w*)["'`]/.exec(near)?.[1] };
  });
}

/** If a file cannot be read, the command itself reports why. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
