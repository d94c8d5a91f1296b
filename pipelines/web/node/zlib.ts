/** Decompression by node:zlib's names: a page has files of rows as they are. @module */
import { RequestError } from "../../common/errors.ts";

function refuse(): never {
  throw new RequestError("a page reads no compressed files of rows; unpack the file first");
}

export { refuse as createGunzip, refuse as createZstdDecompress };
