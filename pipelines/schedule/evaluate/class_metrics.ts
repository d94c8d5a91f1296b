/** Metrics of classes, as scikit-learn defines them. @module */

/** A row's class and the one that was told, by their ids. */
export interface PredictedClass {
  readonly expected: number;
  readonly given: number;
}

/** The share of rows whose class was told. */
export function accuracyOf(rows: readonly PredictedClass[]): number {
  return rows.filter(({ expected, given }) => expected === given).length / rows.length;
}

/** The harmonic mean of precision and recall of one class; 0 if it is no row's and was told of none. */
export function f1Of(rows: readonly PredictedClass[], id = 1): number {
  const right = rows.filter(({ expected, given }) => expected === id && given === id).length;
  const named = rows.reduce((sum, { expected, given }) => sum + Number(expected === id) + Number(given === id), 0);
  return named === 0 ? 0 : 2 * right / named;
}

/** The mean of the F1 of those classes that are a row's or were told of one. */
export function macroF1Of(rows: readonly PredictedClass[]): number {
  const ids = [...new Set(rows.flatMap(({ expected, given }) => [expected, given]))];
  return ids.reduce((sum, id) => sum + f1Of(rows, id), 0) / ids.length;
}

/** Matthews' correlation, of several classes in Gorodkin's form (2004); 0 where a factor of the denominator is. */
export function matthewsOf(rows: readonly PredictedClass[]): number {
  const size = rows.length, right = rows.filter(({ expected, given }) => expected === given).length;
  const counts = (of: keyof PredictedClass) => {
    const found = new Map<number, number>();
    for (const row of rows) found.set(row[of], (found.get(row[of]) ?? 0) + 1);
    return found;
  };
  const expected = counts("expected"), given = counts("given");
  const products = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>) => {
    return [...a].reduce((sum, [id, count]) => sum + count * (b.get(id) ?? 0), 0);
  };
  const spread = (size * size - products(expected, expected)) * (size * size - products(given, given));
  return spread === 0 ? 0 : (right * size - products(expected, given)) / Math.sqrt(spread);
}
