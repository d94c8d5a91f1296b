/** The run context of a command. @module */
import { RunContext, type RunContextOptions } from "../../schedule/context/run_context.ts";
import type { Emit } from "../../results/events.ts";
import { storeFolder } from "./caller_paths.ts";

/** What a command's options say of the store and of memory. */
interface StoreOptions extends Partial<Pick<RunContextOptions, "cacheDisk" | "cacheMemory" | "activationMemory">> {
  readonly store?: string | undefined;
}

/** Opens what a run works with, by the command line's options. */
export function openRunContext(
  { base, threads, provider }: Pick<RunContextOptions, "base" | "threads" | "provider">,
  { store, cacheDisk, cacheMemory, activationMemory }: StoreOptions,
  emit: Emit,
  control: Pick<RunContextOptions, "checkpointInterval" | "signal" | "hub"> = {},
): RunContext {
  const budgets = { cacheDisk, cacheMemory, activationMemory };
  return new RunContext({ base, store: storeFolder(store, base), threads, provider, emit, ...budgets, ...control });
}
