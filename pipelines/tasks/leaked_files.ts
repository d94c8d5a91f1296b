/** Published training files that contain test rows. @module */
import { createHash } from "node:crypto";
import { system } from "../common/system.ts";

/** A file, and why it is refused for training. */
interface LeakedFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly says: string;
}

/** LLM-Adapters' files. */
export const leakedFiles: readonly LeakedFile[] = [{
  bytes: 1_673_207,
  sha256: "1d06633b4db748b7cfa38f2891f8d7b17b3636717b3188dd382045b94cf999a7",
  says: "LLM-Adapters' math_data.json, which contains four fifths of each arithmetic test set; train on math_10k.json",
}];

/**
 * Why a file must not be trained on; `undefined` if nothing is known against it.
 *
 * @param path Absolute.
 */
export async function leakOf(path: string, known: readonly LeakedFile[] = leakedFiles): Promise<string | undefined> {
  const size = await system.stat(path).then(({ size }) => size, () => undefined);
  const suspects = known.filter(({ bytes }) => bytes === size);
  if (suspects.length === 0) return undefined;
  const digest = createHash("sha256").update(await system.readFile(path)).digest("hex");
  return suspects.find(({ sha256 }) => sha256 === digest)?.says;
}
