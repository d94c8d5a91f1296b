/** The contents of a new project. @module */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import own from "../../../deno.json" with { type: "json" };
import { commandNames } from "../launch/grants.ts";
import { type Own, ownPipeline } from "./own_pipeline.ts";
import { launchFlags, noUpdateCheck } from "../launch/launch.ts";
import { resolvedFrom } from "../launch/project.ts";

/** A project template; the examples have a folder of the same name. */
interface Starter {
  readonly about: string;
  readonly files: readonly string[];
  /** What to do next, besides running it. */
  readonly then?: string;
}

/** The names of the project templates. */
export const starterNames = ["quickstart", "sweep", "classification", "chat"] as const;

type StarterName = typeof starterNames[number];

/** The project templates. */
export const starters: Readonly<Record<StarterName, Starter>> = {
  quickstart: { about: "one edit, before and after", files: ["pipeline.ts", "rows.jsonl"] },
  sweep: { about: "ranks and layers side by side", files: ["pipeline.ts", "rows.jsonl"] },
  classification: { about: "a head with and without an edit", files: ["pipeline.ts", "rows.jsonl"] },
  chat: {
    about: "a persona from forty conversations, on a model from the hub",
    files: ["pipeline.ts", "rows.jsonl"],
    then: "chat runs/chat/<run>",
  },
};

const config = new URL("../../../deno.json", import.meta.url);

/** The files of a new project, by name. */
export async function projectFiles(
  folder: string,
  name: StarterName,
  own: Own,
): Promise<Readonly<Record<string, string>>> {
  const starter = starters[name], texts: [string, string][] = [];
  for (const file of starter.files) {
    if (own.rows !== undefined && file === "rows.jsonl") continue;
    const source = new URL(`examples/projects/${name}/${file}`, config), text = await (await fetch(source)).text();
    texts.push([file, file === "pipeline.ts" ? ownPipeline(name, text, own) : text]);
  }
  return {
    ...Object.fromEntries(texts),
    "deno.json": `${JSON.stringify(projectConfig(folder), null, 2)}\n`,
    ".gitignore": ".refract/\nruns/\n",
    "README.md": readme(name, starter, own),
  };
}

/** The import map and the tasks, which refer to this copy of Refract. */
function projectConfig(folder: string) {
  const address = (place: string) => addressFrom(folder, new URL(place, config));
  const imports = Object.entries(own.imports).map(([name, value]) => {
    const resolved = resolvedFrom(config.href, value);
    return [name, resolved === value ? value : address(value)];
  });
  const { protocol, host } = config;
  const flags = [...launchFlags, ...protocol === "file:" ? [] : [`--allow-import=${host}`]].join(" ");
  const program = address("pipelines/cli/refract.ts");
  const variables = Object.entries(noUpdateCheck).map(([name, value]) => `${name}=${value}`).join(" ");
  const tasks = commandNames.map((name) => [
    name,
    { description: own.tasks[name].description, command: `${variables} deno run ${flags} ${program} ${name}` },
  ]);
  return {
    imports: Object.fromEntries(imports),
    nodeModulesDir: own.nodeModulesDir,
    allowScripts: own.allowScripts,
    // The compiler options that Refract is checked with, which its declarations are written for.
    compilerOptions: own.compilerOptions,
    tasks: Object.fromEntries(tasks),
  };
}

/**
 * How a project refers to a file of this copy: by a relative path if that is short, so that both can be moved together,
 * or by its URL.
 */
function addressFrom(folder: string, url: URL): string {
  if (url.protocol !== "file:") return url.href;
  const path = relative(folder, fileURLToPath(url)).replaceAll("\\", "/");
  if (path.startsWith("../../../") || /^[a-z]:/i.test(path)) return url.href;
  return path.startsWith(".") ? path : `./${path}`;
}

function readme(name: StarterName, { then }: Starter, { rows }: Own): string {
  const next = then === undefined ? "" : `deno task ${then}\n`;
  return `# ${name}

\`\`\`sh
deno task rows pipeline.ts
deno task plan pipeline.ts
deno task run pipeline.ts
${next}\`\`\`

\`rows\` shows ${
    rows?.name ?? "rows.jsonl"
  } as the model reads it, \`plan\` shows what a run would do, and \`run\` does it. The run folder, under
\`runs/\`, contains its \`report.html\`. What was computed once is kept in \`.refract/store\`.

Refract ${own.version}
`;
}
