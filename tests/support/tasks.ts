/** Reads the tasks of deno.json. @module */

interface Configuration {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
}

/** Each task's command. */
export async function readTasks(): Promise<Readonly<Record<string, string>>> {
  const { tasks }: Configuration = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  return Object.fromEntries(Object.entries(tasks).map(([task, { command }]) => [task, command]));
}
