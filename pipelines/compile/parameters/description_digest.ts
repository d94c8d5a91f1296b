/**
 * The digests in intervention.json: its own, computed with zeros in its place, and that of the weights that it belongs
 * to, so that neither a flipped bit nor the weights of another training go unnoticed.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { blankDigest } from "../../common/file_digest.ts";
import type { JsonObject } from "../../common/files.ts";
import { digestMember, hasOwnDigest, withOwnDigest } from "../../common/own_digest.ts";
import { readHeader } from "../../models/weights/safetensors.ts";
import { carriedDigest, contentDigest } from "../../models/weights/sealed_file.ts";

/** The keys of the digests in the description. */
const members = { weights: "weights", own: "digest" } as const;

/**
 * Adds the digests to a description's text.
 *
 * @param text A JSON object.
 * @param weights The digest of the file of tensors.
 */
export function withDigests(text: string, weights: string): string {
  const described: JsonObject = JSON.parse(text);
  const blank = { ...described, [members.weights]: weights, [members.own]: blankDigest };
  return withOwnDigest(`${JSON.stringify(blank, null, 2)}\n`, digestMember);
}

/**
 * Requires that a description is unchanged since it was written, and that the weights next to it are those it was
 * written for. A description without digests, from another program or an earlier version, is accepted as it is.
 *
 * @param found The parsed content of `file`.
 * @throws {RequestError} If the description or the weights have changed.
 */
export async function requireOwnDescription(
  bytes: Uint8Array,
  found: JsonObject,
  file: string,
  tensors: string,
): Promise<void> {
  const weights = found[members.weights], own = found[members.own];
  if (weights === undefined && own === undefined) return;
  const isOwn = hasOwnDigest(new TextDecoder().decode(bytes), digestMember);
  const remedy =
    `train, import or download it again (or remove "weights" and "digest" from intervention.json, if the change is yours)`;
  if (isOwn !== true || typeof weights !== "string") {
    throw new RequestError(`is damaged, its content has changed since it was written; ${remedy}`, { file });
  }
  const isThere = await system.stat(tensors).then(() => true, () => false);
  if (!isThere) return;
  await readHeader(tensors);
  const beside = (await carriedDigest(tensors) ?? await contentDigest(tensors)).digest;
  if (beside === weights) return;
  const finding = "is damaged or from another training, the intervention.json next to it was written for other weights";
  throw new RequestError(`${finding}; ${remedy}`, { file: tensors });
}
