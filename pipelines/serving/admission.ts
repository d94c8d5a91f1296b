/** How many answers are wanted at once. @module */
import { ApiError } from "./api_error.ts";

/** Lets in as many answers as are written or may wait. */
export class Admission {
  readonly #most: number;
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Lets in the answers of a request.
   *
   * @returns Lets them go; what is called again does nothing.
   * @throws {ApiError} If there are too many already, or would be without any other.
   */
  enter(count: number): () => void {
    if (count > this.#most) {
      throw new ApiError(
        400,
        `${count} answers are more than the server lets in, ${this.#most}; ask for fewer at a time`,
      );
    }
    if (this.#inside + count > this.#most) {
      const details = { code: "queue_full", headers: { "retry-after": "1" } };
      throw new ApiError(429, `${this.#inside} answers are being written already; ask again in a moment`, details);
    }
    let left = count;
    this.#inside += count;
    return () => {
      this.#inside -= left;
      left = 0;
    };
  }
}
