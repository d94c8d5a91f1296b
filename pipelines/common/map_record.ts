/** Records made from records. @module */

/** A record with each value mapped, under the same name. */
export function mapRecord<K extends string, T, R>(
  record: { readonly [name in K]?: T },
  of: (value: T, name: K) => R,
): { readonly [name in K]: R } {
  const entries = Object.entries(record) as [K, T][];
  return Object.fromEntries(entries.map(([name, value]) => [name, of(value, name)])) as { [name in K]: R };
}
