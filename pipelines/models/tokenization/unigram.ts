import { anything, type Component, flag, optionalCount } from "./components.ts";
import { byteIds, noToken, type SubwordModel } from "./vocabulary.ts";

/** The difference between the scores of the least likely piece and an unknown character. */
const unknownPenalty = 10;

/**
 * SentencePiece's unigram model: the pieces of a text whose scores, logarithms of probabilities, have the highest sum.
 */
export const unigram: Component<SubwordModel> = {
  fields: { vocab: anything, unk_id: optionalCount, byte_fallback: flag },
  make({ vocab, unk_id, byte_fallback: fallsBack }) {
    const pieces = scoredPieces(vocab), ids = new Map(pieces.map(([piece], id) => [piece, id]));
    const unknown = typeof unk_id === "number" ? unk_id : undefined;
    if (unknown !== undefined && unknown >= pieces.length) {
      throw new Error(`"unk_id" ${unknown} is past the vocabulary`);
    }
    const unknownScore = pieces.reduce((least, [, score]) => Math.min(least, score), Infinity) - unknownPenalty;
    const root = trieOf(ids);
    const idsOf = (text: string): readonly number[] => {
      const id = ids.get(text);
      if (id !== undefined) return [id];
      const bytes = fallsBack === true ? byteIds(text, ids) : undefined;
      if (bytes === undefined && unknown === undefined) throw noToken(text);
      return bytes ?? [unknown!];
    };
    return {
      ids,
      encode(text) {
        const scores = new Float64Array(text.length + 1), starts = new Int32Array(text.length + 1).fill(-1);
        const isUnknown = new Uint8Array(text.length + 1);
        const offer = (start: number, end: number, score: number, ofUnknown: boolean) => {
          const sum = scores[start]! + score;
          if (starts[end] !== -1 && sum <= scores[end]!) return;
          scores[end] = sum;
          starts[end] = start;
          isUnknown[end] = Number(ofUnknown);
        };
        for (let start = 0; start < text.length;) {
          const next = start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
          let hasCharacter = false, node: Trie | undefined = root;
          for (let end = start; end < text.length;) {
            node = node.next.get(text.charCodeAt(end++));
            if (node === undefined) break;
            if (node.id === undefined) continue;
            offer(start, end, pieces[node.id]![1], node.id === unknown);
            hasCharacter ||= end === next;
          }
          if (!hasCharacter) {
            if (unknown === undefined) throw noToken(text.slice(start, next));
            offer(start, next, unknownScore, true);
          }
          start = next;
        }
        const found: (readonly number[])[] = [];
        for (let end = text.length; end > 0;) {
          // Adjacent unknown characters form one token.
          let start = starts[end]!;
          if (isUnknown[end] === 1) { while (start > 0 && isUnknown[start] === 1) start = starts[start]!; }
          found.push(idsOf(text.slice(start, end)));
          end = start;
        }
        return found.reverse().flat();
      },
    };
  },
};

/** A trie of pieces by their UTF-16 units. */
interface Trie {
  readonly next: Map<number, Trie>;
  id?: number;
}

function trieOf(ids: ReadonlyMap<string, number>): Trie {
  const root: Trie = { next: new Map() };
  for (const [piece, id] of ids) {
    let node = root;
    for (let at = 0; at < piece.length; at++) {
      node = node.next.getOrInsertComputed(piece.charCodeAt(at), () => ({ next: new Map() }));
    }
    if (piece !== "") node.id = id;
  }
  return root;
}

function scoredPieces(vocab: unknown): readonly (readonly [piece: string, score: number])[] {
  const isSound = (entry: unknown): entry is readonly [string, number] => {
    return Array.isArray(entry) && typeof entry[0] === "string" && typeof entry[1] === "number";
  };
  if (Array.isArray(vocab) && vocab.every(isSound)) return vocab;
  throw new Error('a "vocab" that is not a list of tokens with scores');
}
