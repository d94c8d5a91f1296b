/** The kinds of decoding, and what each requires of a model, known before it runs. @module */
import type { DecodingSpec, Resolved } from "../spec/mod.ts";

type Spec<K extends DecodingSpec["kind"]> = Extract<Resolved<DecodingSpec>, { kind: K }>;

/** How much a decoding generates for each prompt. */
interface Written {
  /** The maximum number of tokens; 0 if nothing is generated. */
  readonly newTokens: number;
  /** How many continuations are generated in parallel. */
  readonly copies: number;
}

/** One kind of decoding. */
interface DecodingKind<S> {
  /** How much it generates; `undefined` if it chooses among given answers. */
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

/** How much a decoding generates for each prompt: nothing if there is no decoding, or if it chooses. */
export function writtenOf(decoding: Resolved<DecodingSpec> | undefined): Written {
  return (decoding && kindOf(decoding).writes(decoding)) ?? { newTokens: 0, copies: 1 };
}

/** Whether a decoding chooses among given answers. */
export function isChoosing(decoding: Resolved<DecodingSpec>): decoding is Spec<"choices"> {
  return kindOf(decoding).writes(decoding) === undefined;
}
