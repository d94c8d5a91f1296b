/** HTML and SVG as text, for a notebook, which has none of this project's scripts. @module */

/** A text escaped for HTML. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** An element whose content is already markup. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...content: string[]
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`).join("");
  return `<${name}${written}>${content.join("")}</${name}>`;
}

/** A number with as few digits as distinguish it from its neighbours. */
export function shortNumber(value: number): string {
  return value === 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 1e6)
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1);
}
