/** The fields of a file's first row, for templates to name. @module */

/** The names, as far as the first line shows them. */
export function fieldsIn(name: string, bytes: Uint8Array): readonly string[] {
  const end = name.endsWith(".json") ? bytes.length : bytes.indexOf(10);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).replace(/^\ufeff/, "").trim();
  try {
    if (/\.[ct]sv$/i.test(name)) {
      const separator = /\.tsv$/i.test(name) ? "\t" : ",";
      return text.split(separator).map((each) => each.trim().replace(/^"(.*)"$/, "$1"));
    }
    const value: unknown = JSON.parse(text), row: unknown = Array.isArray(value) ? value[0] : value;
    return typeof row === "object" && row !== null ? Object.keys(row) : [];
  } catch {
    return [];
  }
}
