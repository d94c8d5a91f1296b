/** The run context of a command. @module */
import { system } from "../../common/system.ts";
import { formatSize } from "../../common/size.ts";
import { noteTo } from "../../schedule/context/work.ts";
import { ownMemory } from "../../schedule/plan/resident_memory.ts";
import { RunContext, type RunContextOptions } from "../../schedule/context/run_context.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { Emit } from "../../results/events.ts";
import { isAddress, storeFolder } from "./caller_paths.ts";

/** A command's options about the store and memory. */
interface StoreOptions
  extends Partial<Pick<RunContextOptions, "cacheDisk" | "cacheMemory" | "activationMemory" | "memory">> {
  readonly store?: string | undefined;
}

/** Opens what a run works with, according to the command line's options. */
export function openRunContext(
  { base, threads, provider, devices }: Pick<RunContextOptions, "base" | "threads" | "provider" | "devices">,
  { store, cacheDisk, cacheMemory, activationMemory, memory }: StoreOptions,
  emit: Emit,
  control: Pick<RunContextOptions, "checkpointInterval" | "signal" | "hub"> = {},
): RunContext {
  const budgets = { cacheDisk, cacheMemory, activationMemory, memory };
  const shared = store !== undefined && isAddress(store)
    ? sharedCache(store, system.env.get(tokenVariable))
    : undefined;
  if (memory !== undefined && memory < ownMemory) {
    noteTo(emit)(
      `memory is ${formatSize(memory)}, but a run takes ${formatSize(ownMemory)} before it reads a model; ` +
        "a size is written as in 8GB",
    );
  }
  return new RunContext({
    ...shared === undefined ? {} : { shared },
    base,
    store: storeFolder(store, base),
    threads,
    provider,
    devices,
    emit,
    ...budgets,
    ...control,
  });
}

/** The environment variable with the token for a shared cache. */
const tokenVariable = "REFRACT_STORE_TOKEN";

/**
 * How to reach a shared cache.
 *
 * @param given The token, which may be empty or end with a newline.
 * @throws {RequestError} If it is not a valid address of a cache, or not a token.
 */
export function sharedCache(address: string, given: string | undefined): NonNullable<RunContextOptions["shared"]> {
  const url = URL.parse(address);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new RequestError(`--store ${quote(address)} is neither a folder nor an http address of a shared cache`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new RequestError(`--store has a password in its address; put the cache's token into ${tokenVariable}`);
  }
  if (url.search !== "" || url.hash !== "") {
    throw new RequestError(
      `--store ${quote(address)} has a query, but the names of files are appended to it; omit that`,
    );
  }
  const token = given?.trim();
  if (token !== undefined && !/^[\x21-\x7e]*$/.test(token)) {
    throw new RequestError(
      `${tokenVariable} has a space or a character that a token cannot have; set it to the token alone`,
    );
  }
  return { address, ...token === undefined || token === "" ? {} : { token } };
}
