import { RequestError } from "../../common/errors.ts";

/** A file of weights that has changed since it was written, or does not match its name. */
export class DamagedWeights extends RequestError {
  /**
   * @param finding What is wrong.
   * @param file Its real path.
   * @param remedy What happens to it, or what to do.
   */
  constructor(
    readonly finding: string,
    readonly file: string,
    remedy = "train, import or download it again",
  ) {
    super(`${finding}; ${remedy}`, { file });
  }

  /** The error with another remedy. */
  withRemedy(remedy: string): DamagedWeights {
    return new DamagedWeights(this.finding, this.file, remedy);
  }
}
