/** The texts that end an answer. @module */
import { atLocation, locationOf } from "../../common/source_location.ts";
import type { Tokenizer } from "../../models/tokenization/tokenizer.ts";
import type { DecodingSpec, Resolved } from "../../spec/mod.ts";

/**
 * Rejects a stop text with a token that the model cannot generate.
 *
 * @throws {RequestError} It names the token.
 */
export function requireStops(decoding: Resolved<DecodingSpec> | undefined, { encode }: Tokenizer): void {
  if (decoding === undefined || !("stop" in decoding)) return;
  atLocation(locationOf(decoding), () => decoding.stop?.forEach(encode));
}
