/** How the page formats numbers. @module */

/** A number with a number of decimals; empty if there is none. */
export function decimal(value: number | undefined, digits = 3): string {
  return value !== undefined && Number.isFinite(value) ? value.toFixed(digits) : "";
}

/** A number and its standard error, if it has one. */
export function measured(value: number | undefined, standardError: number | undefined, digits = 3): string {
  return [decimal(value, digits), decimal(standardError, digits)].filter((text) => text !== "").join(" ± ");
}

/** A metric's name with its unit. */
export function withUnit(metric: string, unit: string | undefined): string {
  return unit === undefined ? metric : `${metric} (${unit})`;
}

/** A whole number with thousands separators. */
export function whole(value: number): string {
  return value.toLocaleString("en");
}

/** A share in percent, with three digits. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** A duration. */
export function duration(seconds: number): string {
  return seconds >= 120
    ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
    : `${seconds.toPrecision(3)} s`;
}
