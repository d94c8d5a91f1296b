/** Checks of where an edit acts: sites, positions and subspaces. @module */
import { shortRules } from "../../compile/lower/short_prompts.ts";
import {
  type Check,
  index,
  isList,
  isRecord,
  isText,
  leaf,
  oneOf,
  optional,
  record,
  text,
} from "../../common/checks.ts";
import { RequestError } from "../../common/errors.ts";

const isBlocks = (value: unknown) =>
  value === "all" || typeof value === "number" || (isList(value) && value.every((block) => typeof block === "number"));

/** Which blocks. */
export const blocks = leaf('a block\'s number, a list of numbers or "all"', isBlocks);

/** The stack of the blocks, in an encoder-decoder model. */
export const stack = oneOf(["encoder", "decoder"]);

const orFunction = (expected: string) => leaf(expected, (value) => isText(value) || typeof value === "function");
/** Which tokens. */
export const positions = orFunction(
  '"fN", "lN", "fN+lM", "all", "all+completion", "{field}", "completion" or "generated", or a function of the prompt',
);
/** How prompts that are too short for the positions are edited. */
export const short = oneOf(Object.keys(shortRules));
/** Which rows of the rank act. */
export const subspace = orFunction(
  "the name of a field that lists rows of the rank, or a function of the row's fields",
);

/** A site of some blocks. */
export const site: Check = (value, name) => {
  if (isList(value)) {
    throw new RequestError(
      `${name} is a list; give one site, as in block(3).output, or that of several blocks, as in block([1, 2]).output`,
    );
  }
  const isSites = isRecord(value) && !("kind" in value) && !("site" in value);
  if (!isSites) return ofSite(value, name);
  throw new RequestError(`${name} is an object; give ${aSite}${"output" in value ? ", with .output at its end" : ""}`);
};

const aSite = "a site of blocks, as in block(3).output";
const ofSite = record(aSite, { blocks: optional(blocks), stack: optional(stack), site: text, head: optional(index) });
