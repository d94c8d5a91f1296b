/** The tasks of deno.json as they are written, with the hidden ones that they call put in. @module */

interface Configuration {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
}

/** Each task's command, as written. */
export async function readTasks(): Promise<Readonly<Record<string, string>>> {
  const { tasks }: Configuration = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  return Object.fromEntries(Object.entries(tasks).map(([task, { command }]) => [task, command]));
}

/**
 * The flags with which a task of the command line starts Deno, those of its tiers included; what a shell would compute,
 * the host of HF_ENDPOINT, is left out.
 */
export function taskFlags(tasks: Readonly<Record<string, string>>, task: string): string[] {
  const expanded = (command: string): string =>
    command.replaceAll(/\$\(deno task --quiet (\w+)\)/g, (_, tier: string) => {
      const echoed = /^echo (.*)$/.exec(tasks[tier] ?? "")?.[1];
      if (echoed === undefined) throw new TypeError(`Expected the task ${tier} to echo flags`);
      return expanded(echoed);
    });
  const [flags = ""] = expanded(tasks[task] ?? "").split("pipelines/cli/main.ts");
  return [...flags.matchAll(/(?<= )--[\w-]+(?:=(?:'[^']*'|[^\s'$])*)?/g)]
    .map(([flag]) => flag.replaceAll("'", "").replace(/,$/, ""));
}
