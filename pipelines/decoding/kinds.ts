/** The kinds of decoding: what each asks of a model, known before it runs. @module */
import type { DecodingSpec, Resolved } from "../spec/mod.ts";

type Spec<K extends DecodingSpec["kind"]> = Extract<Resolved<DecodingSpec>, { kind: K }>;

/** What a decoding writes of each prompt. */
interface Written {
  /** The most tokens; 0 where nothing is written. */
  readonly newTokens: number;
  /** How many continuations are written side by side. */
  readonly copies: number;
}

/** What is known about one kind. */
interface DecodingKind<S> {
  /** What it writes; `undefined` where it chooses among given answers. */
  writes(spec: S): Written | undefined;
}

const oneByOne = { writes: ({ maxNewTokens }: Spec<"greedy" | "sample">) => ({ newTokens: maxNewTokens, copies: 1 }) };

const withBeams = {
  writes: ({ maxNewTokens, beams }: Spec<"beam" | "beamSample">) => ({ newTokens: maxNewTokens, copies: beams }),
};

const decodingKinds: { readonly [K in DecodingSpec["kind"]]: DecodingKind<Spec<K>> } = {
  greedy: oneByOne,
  sample: oneByOne,
  beam: withBeams,
  beamSample: withBeams,
  choices: { writes: () => undefined },
};

const kindOf = ({ kind }: Resolved<DecodingSpec>): DecodingKind<Resolved<DecodingSpec>> => decodingKinds[kind];

/** What a decoding writes of each prompt: nothing where there is none, or where it chooses. */
export function writtenOf(decoding: Resolved<DecodingSpec> | undefined): Written {
  return (decoding && kindOf(decoding).writes(decoding)) ?? { newTokens: 0, copies: 1 };
}

/** Whether a decoding chooses among given answers. */
export function isChoosing(decoding: Resolved<DecodingSpec>): decoding is Spec<"choices"> {
  return kindOf(decoding).writes(decoding) === undefined;
}
