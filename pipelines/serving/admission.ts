/** Limits how many answers are requested at once. @module */
import { ApiError } from "./api_error.ts";

/** Admits as many answers as are being generated or may wait. */
export class Admission {
  readonly #most: number;
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Admits the answers of a request.
   *
   * @returns Releases them; further calls do nothing.
   * @throws {ApiError} If there are already too many, or would be even without any others.
   */
  enter(count: number): () => void {
    if (count > this.#most) {
      throw new ApiError(
        400,
        `${count} answers are more than the server admits, ${this.#most}; request fewer at a time`,
      );
    }
    if (this.#inside + count > this.#most) {
      const details = { code: "queue_full", headers: { "retry-after": "1" } };
      throw new ApiError(429, `${this.#inside} answers are already in progress; try again in a moment`, details);
    }
    let left = count;
    this.#inside += count;
    return () => {
      this.#inside -= left;
      left = 0;
    };
  }
}
