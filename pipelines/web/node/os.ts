/** What a browser says of its machine, by node:os' names. @module */

/** The system's numbers of errors, of which a browser has none. */
export const constants = { errno: {} } as const;

/** The machine's name: tabs share a store, and one at a time runs. */
export function hostname(): string {
  return "tab";
}

/** The memory of the machine, in bytes: as little as browsers say, at most 8 GiB. */
export function totalmem(): number {
  const gigabytes = "deviceMemory" in navigator ? Number(navigator.deviceMemory) : 4;
  return gigabytes * 2 ** 30;
}
