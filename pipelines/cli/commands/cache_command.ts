/** `deno task cache`: lists, cleans and verifies the store. @module */
import { basename } from "node:path";
import { RequestError, RunError } from "../../common/errors.ts";
import { evict, evictionOrder } from "../../store/eviction.ts";
import { type StoredEntry, totalBytes } from "../../store/inventory.ts";
import { modelsIn, removeModels } from "../../store/models.ts";
import { formatSize } from "../../common/size.ts";
import { Store } from "../../store/store.ts";
import { storeFolder } from "../requests/caller_paths.ts";
import { command, type CommandGroup } from "../arguments/command.ts";
import { cacheDisk, store } from "../arguments/common_options.ts";
import { flag } from "../arguments/option.ts";
import { formatTable, type Terminal } from "../terminal/terminal.ts";

/** The commands for the store. */
export const cacheCommands: CommandGroup = {
  kind: "group",
  name: "cache",
  summary: "Manages the content-addressed store.",
  commands: [
    command({
      name: "ls",
      summary: "Lists what the store holds, by kind.",
      parameters: [],
      options: { store, json: flag("prints every entry, as JSON") },
      examples: ["cache ls --json"],
      run: (_, options, { terminal }) => listCache(options, terminal),
    }),
    command({
      name: "gc",
      summary: "Evicts entries until the store is within its limit.",
      parameters: [],
      options: { store, cacheDisk, all: flag("removes every entry") },
      examples: ["cache gc --cache-disk 10GB"],
      run: (_, options, { terminal }) => collectCache(options, terminal),
    }),
    command({
      name: "verify",
      summary: "Checks every entry and converted model, and drops those that are damaged.",
      parameters: [],
      options: { store },
      examples: ["cache verify --store .refract/store"],
      run: (_, options, { terminal }) => verifyCache(options, terminal),
    }),
  ],
};

interface CacheOptions {
  readonly store: string | undefined;
  /** How much the store may hold, in bytes. */
  readonly cacheDisk?: number | undefined;
}

/** Lists what the store holds, by kind; with `json`, entry by entry. */
function listCache(options: CacheOptions & { readonly json: boolean }, terminal: Terminal): void {
  const store = openStore(options), entries = store.entries();
  const kinds = [...Map.groupBy(entries, ({ kind }) => kind)].sort(([a], [b]) => (a < b ? -1 : 1));
  if (options.json) return terminal.print(JSON.stringify(listing(store, entries), null, 2));
  const rows = [...kinds, ["all", entries] as const].map(([kind, ofKind]) => {
    const used = ofKind.map((entry) => entry.used).sort((a, b) => a - b);
    return [kind, String(ofKind.length), formatSize(totalBytes(ofKind)), day(used[0]), day(used.at(-1))];
  });
  terminal.print(
    `${formatTable(["kind", "entries", "bytes", "oldest use (UTC)", "newest use (UTC)"], rows)}\n` +
      `${store.folder} may hold ${formatSize(store.limit)}${besides(store)}`,
  );
}

/** Converted models do not count towards the budget. */
function besides(store: Store): string {
  const models = modelsIn(store.folder);
  return models.length === 0 ? "" : `, in addition to ${count(models.length, "converted model")}, ${sizeOf(models)}`;
}

function sizeOf(parts: readonly { readonly bytes: number }[]): string {
  return formatSize(totalBytes(parts));
}

function day(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "" : new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ");
}

function listing(store: Store, entries: readonly StoredEntry[]): unknown {
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  return {
    store: store.folder,
    limit: store.limit === Infinity ? null : store.limit,
    bytes: totalBytes(entries),
    models: modelsIn(store.folder),
    entries: entries.map(({ written, used, ...entry }) => ({ ...entry, written: time(written), used: time(used) })),
  };
}

/** Evicts entries down to the store's limit, or all of them, and says how much that freed. */
function collectCache(options: CacheOptions & { readonly all: boolean }, terminal: Terminal): void {
  if (options.all && options.cacheDisk !== undefined) {
    throw new RequestError("--all and --cache-disk cannot be combined; give one of them");
  }
  const store = openStore(options), entries = store.entries();
  const limit = options.all ? 0 : store.limit, held = totalBytes(entries);
  const freed = held > limit ? evict(evictionOrder(entries, Date.now()), held - limit) : { files: 0, bytes: 0 };
  const models = options.all ? removeModels(modelsIn(store.folder)) : { files: 0, bytes: 0 };
  const { files, bytes } = store.leftovers;
  const half = files > 0 ? ` and ${count(files, "half-written file")}, ${formatSize(bytes)}` : "";
  const left = store.entries();
  terminal.print(
    `freed ${count(freed.files, "entry")}, ${formatSize(freed.bytes)}${half}${
      models.files > 0 ? ` and ${count(models.files, "converted model")}, ${formatSize(models.bytes)}` : ""
    }; ` +
      `${store.folder} holds ${count(left.length, "entry")}, ${formatSize(totalBytes(left))}`,
  );
  if (held - freed.bytes > limit && totalBytes(left) > limit) {
    throw new RunError(`${store.folder}: still holds more than ${formatSize(limit)}; make it writable and run again`);
  }
}

/**
 * Reads every entry and every converted model, and drops those that are damaged.
 *
 * @throws {RunError} If there was one.
 */
async function verifyCache(options: CacheOptions, terminal: Terminal): Promise<void> {
  const store = openStore(options, (message) => terminal.print(message));
  const entries = store.entries(), models = modelsIn(store.folder);
  let damaged = 0;
  for (const { kind, key } of entries) if (!await store.check(kind, key)) damaged++;
  const { damagedFile } = await import("../../models/gguf/folder.ts");
  for (const model of models) {
    const file = await damagedFile(store.folder, basename(model.path));
    if (file === undefined) continue;
    damaged++;
    const isGone = removeModels([model]).files > 0;
    terminal.print(
      `${file}: is damaged; ${isGone ? "the model is dropped and will be converted again" : "remove its folder"}`,
    );
  }
  const converted = models.length === 0 ? "" : ` and ${count(models.length, "converted model")}, ${sizeOf(models)}`;
  const checked = `${count(entries.length, "entry")}, ${formatSize(totalBytes(entries))}${converted}`;
  if (damaged > 0) {
    throw new RunError(`${store.folder}: ${damaged} of ${checked} are damaged; rerun what needs them`);
  }
  terminal.print(`${store.folder}: ${checked}, all intact`);
}

function openStore({ store, cacheDisk }: CacheOptions, onDamaged: (message: string) => void = () => {}): Store {
  return new Store(storeFolder(store), { limit: cacheDisk, onDamaged });
}

function count(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
