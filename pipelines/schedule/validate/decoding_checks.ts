/** Checks of how an evaluation generates answers. @module */
import {
  among,
  count,
  type Fields,
  flag,
  from,
  index,
  integer,
  isList,
  isText,
  leaf,
  listOf,
  oneOf,
  optional,
  positive,
  text,
} from "../../common/checks.ts";
import { choiceScores } from "../../metrics/choice_scores.ts";
import type * as spec from "../../spec/mod.ts";

const writing = {
  maxNewTokens: count,
  repetitionPenalty: optional(positive),
  noRepeatNgramSize: optional(index),
  stop: optional(listOf("a list of texts", leaf("a text that is not empty", (value) => isText(value) && value !== ""))),
} satisfies Fields<spec.WritingSpec>;

const sampling = {
  temperature: positive,
  topK: index,
  topP: leaf("a probability from 0 to 1", from(0, 1)),
  seed: integer,
};

const beams = {
  beams: count,
  lengthPenalty: leaf("a number", Number.isFinite),
  earlyStopping: optional(leaf('true, false or "never"', (value) => typeof value === "boolean" || value === "never")),
};

/** A decoding. */
export const decoding = among(
  "a decoding, as in greedy(…), sample(…), beam(…), beamSample(…) or choices(…)",
  {
    greedy: writing,
    sample: { ...writing, ...sampling },
    beam: { ...writing, ...beams },
    beamSample: { ...writing, ...beams, ...sampling },
    choices: {
      options: leaf("a list of texts, or the name of a field that holds one", (value) => {
        return isText(value) || (isList(value) && value.every(isText));
      }),
      end: optional(flag),
      by: optional(oneOf(Object.keys(choiceScores))),
      unconditional: optional(text),
      continuation: optional(text),
      separator: optional(text),
    },
  } satisfies { [K in spec.DecodingSpec["kind"]]: Fields<Extract<spec.DecodingSpec, { kind: K }>> },
);
