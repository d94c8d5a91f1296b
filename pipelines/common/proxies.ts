/** The proxies that the environment names, which the platform's fetch uses by itself. @module */

/** The variables, in the order in which one that is set is used. */
const namesOf = {
  HTTP_PROXY: ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
  HTTPS_PROXY: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
  NO_PROXY: ["no_proxy", "NO_PROXY"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The names of all variables. */
export const proxyVariables: readonly string[] = [...new Set(Object.values(namesOf).flat())];

/** Proxies by protocol, and the hosts that are reached without them. */
export type Proxies = { readonly [Name in keyof typeof namesOf]?: string };

/**
 * Reads the proxies.
 *
 * @param read Returns the value of a variable.
 */
export function readProxies(read: (name: string) => string | undefined): Proxies {
  const found = Object.entries(namesOf).map(([name, variables]) =>
    [name, variables.map(read).find((value) => value !== undefined && value !== "")] as const
  );
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}
