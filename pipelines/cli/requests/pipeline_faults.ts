/** Describes why a pipeline file cannot be loaded or throws, and what to write instead. @module */
import { stripVTControlCharacters } from "node:util";
import type { SourceLocation } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { callerLocation, shown } from "../../common/source_location.ts";
import { nearest, quote } from "../../common/suggest.ts";

/** An error in a pipeline file. */
interface Fault {
  /** What is wrong and, after a semicolon, what to do about it. */
  readonly problem: string;
  readonly location?: SourceLocation | undefined;
}

/** A kind of error that JavaScript or Deno reports, and its description; `undefined` if it does not apply. */
interface FaultKind {
  readonly message: RegExp;
  readonly says: (parts: readonly string[], exported: readonly string[]) => string | undefined;
}

const importOf = (name: string) => `import { ${name} } from "refract"`;

/** A name that refract exports, or a similar one. */
function meant(name: string, exported: readonly string[]): string | undefined {
  return exported.includes(name) ? name : nearest(name, exported);
}

/** What a pipeline should do instead of using a permission, by the flag that grants it. */
const instead: ReadonlyMap<string, string> = new Map([
  ["net", "download the file before the run"],
  ["env", "declare a setting, as in settings({ rank: 4 }), and set it with --set rank=8"],
  ["run", "run the program before the run"],
]);

/** What has each of these methods. */
const owners: ReadonlyMap<string, string> = new Map([
  ["with", "a model has it, as baseModel(…) gives one"],
  ...["take", "skip", "split"].map((view) => [view, "rows have it, as jsonl(…) gives them"] as const),
]);

const kinds: readonly FaultKind[] = [
  {
    message: /^ReferenceError: (\w+) is not defined$/,
    says([name = ""], exported) {
      if (name === "require") return 'require is not defined; write import { … } from "…"';
      const found = meant(name, exported);
      if (found === undefined) return `${name} is not defined; declare it or import it`;
      return found === name
        ? `${name} is not imported; write ${importOf(name)}`
        : `${name} is not defined; did you mean ${quote(found)} from "refract"`;
    },
  },
  {
    message: /^TypeError: (.*?)\.(\w+) is not a function$/s,
    says([object = "", name = ""], exported) {
      if (exported.includes(object)) return `${object} must be called; write ${object}(…).${name}(…)`;
      const owner = owners.get(name);
      if (owner !== undefined) return `${object} has no method ${name}; only ${owner}`;
      const found = meant(name, exported), isMethod = object.endsWith(")");
      if (found === undefined) return undefined;
      if (found !== name) return isMethod ? undefined : `there is no ${name}; did you mean ${quote(found)}`;
      return `${object} has no method ${name}; ${name} is a function of "refract", write ${name}(…)`;
    },
  },
  {
    message: /requested module '(.*?)' does not provide an export named '(\w+)'/,
    says([module = "", name = ""], exported) {
      if (/^npm:refract(?:@|$)/.test(module)) {
        return `${quote(module)} is an unrelated package; write ${importOf(meant(name, exported) ?? "pipeline")}`;
      }
      if (module !== "refract") return undefined;
      const found = meant(name, exported);
      const remedy = found === undefined
        ? `name what you need, as in ${importOf("loreft")}`
        : `did you mean ${quote(found)}`;
      return name === "default"
        ? `"refract" has no default export; name what you need, as in ${importOf("pipeline, train")}`
        : `"refract" exports no ${name}; ${remedy}`;
    },
  },
  {
    message: /Import "([^"]+)" not a dependency/,
    says([specifier = ""]) {
      if (nearest(specifier, ["refract"]) === undefined) {
        return `the package ${quote(specifier)} is not known; write where it comes from, as in "npm:${specifier}"`;
      }
      return specifier === "refract"
        ? 'nothing says where "refract" is; create a project with deno task new in the checkout, or map "refract" to its mod.ts'
        : `there is no package ${quote(specifier)}; did you mean "refract"`;
    },
  },
  {
    message: /The lockfile is out of date.*?\+ *"((?:npm|jsr):[^"]+)"/s,
    says([specifier = ""]) {
      const name = specifier.replace(/^(?:npm|jsr):/, "").replace(/(?<=.)@[^@]*$/, "");
      return `the package ${quote(specifier)} is not in the lockfile; add it to the deno.json of your project, as in ` +
        `deno add ${specifier}, and import ${quote(name)}`;
    },
  },
  {
    message: /Import '(https?:\/\/[^']+)' failed/,
    says: ([address]) => `${address} can't be downloaded; check the address and the network`,
  },
  {
    message: /^NotCapable: Requires (\w+) access(?: to "?(.*?)"?)?, run again with the (--allow-[\w-]+) flag/,
    says([access = "", what = "", flag = ""]) {
      const target = what === "" || what.startsWith("<") ? "" : ` to ${what}`;
      const allowed = target === "" ? flag : `${flag}=${what}`;
      const other = instead.get(access) ?? "do it before the run";
      return `a pipeline has no ${access} access${target}; ${other}, or run it again with ${allowed}`;
    },
  },
  {
    message: /^(?:SyntaxError: )?(?:Unexpected reserved word|await is only valid|.*'await')/,
    says: () => "await is in a function that is not async; omit it where data and models are only declared",
  },
  {
    message: /^NotFound: .*?(?:, \w+|: \w+) '(.*)'|^ENOENT: .*'(.*)'$/,
    says([first, second]) {
      const path = first ?? second ?? "";
      return `there is no ${quote(path)}; resolve paths that the file itself opens from import.meta.dirname, as in ` +
        `import.meta.dirname + "/rows.json"`;
    },
  },
];

/**
 * Describes what a pipeline file threw, or why it could not be loaded.
 *
 * @param ownFrames The stack frames that belong to the pipeline file or to code that it calls.
 * @param exported What a pipeline file can import from refract.
 */
export function describeFault(
  fault: unknown,
  ownFrames: (stack: string) => string,
  exported: readonly string[],
): Fault {
  if (!(fault instanceof Error)) {
    return {
      problem: `the pipeline fails (it throws ${typeof fault === "string" ? quote(fault) : fault}); correct it there`,
    };
  }
  const { message, location } = messageOf(fault, ownFrames);
  for (const { message: pattern, says } of kinds) {
    const [, ...parts] = pattern.exec(message.whole) ?? [],
      known = pattern.test(message.whole) ? says(parts, exported) : undefined;
    if (known !== undefined) return { problem: known, location };
  }
  return { problem: `the pipeline fails (${message.short}); correct it there`, location };
}

function messageOf(fault: Error, ownFrames: (stack: string) => string) {
  const name = fault.name === "Error" || fault.name === "RequestError" ? "" : `${fault.name}: `;
  const message = stripVTControlCharacters(fault.message);
  // A file that cannot be loaded: the location ends the message, possibly preceded by the line in question.
  const loading = /^(.*?)\.?(?:\n.*)?\s+at ((?:file|https?):\/\/\S+?):(\d+):(\d+)$/s.exec(message);
  if (loading === null) {
    const short = name + faultText(message).slice(0, 300);
    return { message: { whole: name + message, short }, location: callerLocation(ownFrames(fault.stack ?? "")) };
  }
  const [, problem = "", url = "", line, column] = loading;
  const text = faultText(problem.split("\n")[0]).replaceAll(/file:\/\/[^\s"']+/g, shown).slice(0, 300);
  return {
    message: { whole: text, short: text },
    location: { file: shown(url), line: Number(line), column: Number(column) },
  };
}
