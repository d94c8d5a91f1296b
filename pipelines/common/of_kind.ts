/** Selects records of one kind. @module */

/** The records of a list that are of a kind, in order. */
export function ofKind<T extends { readonly kind: string }, K extends T["kind"]>(
  records: readonly T[],
  kind: K,
): readonly Extract<T, { readonly kind: K }>[] {
  return records.filter((record): record is Extract<T, { readonly kind: K }> => record.kind === kind);
}
