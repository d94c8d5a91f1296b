/** The errors of file operations, under Deno's names. @module */

class NotFound extends Error {
  override readonly name = "NotFound";
  readonly code = "ENOENT";
}
class NotCapable extends Error {
  override readonly name = "NotCapable";
}
class NotADirectory extends Error {
  override readonly name = "NotADirectory";
  readonly code = "ENOTDIR";
}
class IsADirectory extends Error {
  override readonly name = "IsADirectory";
  readonly code = "EISDIR";
}
class AlreadyExists extends Error {
  override readonly name = "AlreadyExists";
  readonly code = "EEXIST";
}

/** The browser has no room left for this site. */
export class NoSpace extends Error {
  override readonly name = "NoSpace";
  readonly code = "ENOSPC";

  constructor() {
    super("the browser has no room left for this site; free some space, or choose a smaller model");
  }
}

/** Writes; a browser's refusal for want of room is called as the rest of Refract knows it. */
export function withRoom<T>(write: () => T): T {
  try {
    return write();
  } catch (fault) {
    if (!(fault instanceof DOMException) || fault.name !== "QuotaExceededError") throw fault;
    throw new NoSpace();
  }
}

/** The errors that other code checks for. */
export const errors = { NotFound, NotCapable, NotADirectory, IsADirectory, AlreadyExists } as const;
