/**
 * SentencePiece's precompiled character maps, such as nmt_nfkc: the replacements of characters and short clusters of
 * them. The runtime's NFKC is similar, but not the same.
 *
 * A map consists of the size of a double-array trie in bytes, the trie (Yata's darts-clone, 32 bits per unit), and the
 * replacements, each terminated by a zero byte; the trie's values are offsets into these.
 *
 * @module
 */

/** Applies a map's replacements to a text. */
type Charsmap = (text: string) => string;

/** Clusters of up to this many bytes are looked up as a whole, longer ones only character by character. */
const longestCluster = 5;

const encoder = new TextEncoder(), graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * Reads a map, to be applied as in the Rust library: each grapheme cluster is replaced by the mapping of its shortest
 * known prefix, or otherwise character by character.
 *
 * @param base64 The field `precompiled_charsmap` of a tokenizer.json.
 * @returns The map, or `undefined` if the field is not a valid one.
 */
export function readCharsmap(base64: string): Charsmap | undefined {
  const bytes = Uint8Array.fromBase64(base64);
  const view = new DataView(bytes.buffer);
  if (bytes.length < 4 || view.getUint32(0, true) > bytes.length - 4 || view.getUint32(0, true) % 4 !== 0) {
    return undefined;
  }
  const units = Uint32Array.from({ length: view.getUint32(0, true) / 4 }, (_, at) => view.getUint32(4 + 4 * at, true));
  const replacements = bytes.subarray(4 + 4 * units.length);
  const known = new Map<string, string | undefined>();
  const find = (part: string) => known.getOrInsertComputed(part, () => lookUp(units, replacements, part));
  const replaceCluster = (cluster: string) => {
    const whole = encoder.encode(cluster).length <= longestCluster ? find(cluster) : undefined;
    return whole ?? Array.from(cluster, (character) => find(character) ?? character).join("");
  };
  return (text) => Array.from(graphemes.segment(text), ({ segment }) => replaceCluster(segment)).join("");
}

/** The replacement of the shortest prefix of a text that is in the trie. */
function lookUp(units: Uint32Array, replacements: Uint8Array, text: string): string | undefined {
  let node = offsetOf(units[0] ?? 0);
  for (const byte of encoder.encode(text)) {
    if (byte === 0) return undefined;
    node ^= byte;
    const unit = units[node];
    if (unit === undefined || (unit & 0x800000ff) !== byte) return undefined;
    node ^= offsetOf(unit);
    if ((unit & 0x100) === 0) continue;
    const start = (units[node] ?? 0) & 0x7fffffff, end = replacements.indexOf(0, start);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      replacements.subarray(start, end === -1 ? replacements.length : end),
    );
  }
  return undefined;
}

/** The offset of a unit's children relative to it: 22 bits, in steps of 256 if bit 9 is set. */
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
