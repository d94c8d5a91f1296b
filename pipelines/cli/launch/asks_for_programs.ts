/** Whether a pipeline runs programs that a model wrote, as its text says before it is loaded. @module */
import { dirname, extname, resolve } from "node:path";
import { code } from "../../tasks/code.ts";

/** What a pipeline writes that has such a task. */
const asking = new RegExp(`\\b(?:${Object.keys(code).join("|")}|passAtK)\\b|\\bsuite\\(\\s*["'\`]code\\b`);

/** Whether a pipeline, or the one of a recipe, names a task that is answered by programs. */
export function asksForPrograms(path: string): boolean {
  const text = textOf(path);
  if (asking.test(text)) return true;
  if (extname(path) === ".ts") return false;
  const [, pipeline] = /^pipeline:\s*["']?([^"'#\n]+?)["']?\s*$/m.exec(text) ?? [];
  return pipeline !== undefined && asking.test(textOf(resolve(dirname(path), pipeline)));
}

/** The command itself says of a file that can't be read what is wrong with it. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
