import { RequestError } from "../../common/errors.ts";

/** A file of weights that is not what was written, or not what its name says. */
export class DamagedWeights extends RequestError {
  /**
   * @param finding What is wrong.
   * @param file Its real path.
   * @param remedy What becomes of it, or is to be done.
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
