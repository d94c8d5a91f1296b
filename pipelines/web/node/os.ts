/** What a browser reports about its machine, under node:os' names. @module */

/** The system's error numbers, of which a browser has none. */
export const constants = { errno: {} } as const;

/** The machine's name: tabs share a store, and only one at a time runs. */
export function hostname(): string {
  return "tab";
}

/** The machine's memory in bytes: the lower bound that browsers report, at most 8 GiB. */
export function totalmem(): number {
  const gigabytes = "deviceMemory" in navigator ? Number(navigator.deviceMemory) : 4;
  return gigabytes * 2 ** 30;
}
