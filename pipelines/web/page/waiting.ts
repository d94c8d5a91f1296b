/** What the page says while it waits for the GPU. @module */

const text = "Waiting for the GPU, which is busy …";

/** Shows the waiting in the place of what is shown of the work. */
export class Waiting {
  #before = "";

  /** @param place Where the page says how far the work is. */
  take(isWaiting: boolean, place: HTMLElement): void {
    if (isWaiting) {
      this.#before = place.textContent;
      place.textContent = text;
    } else if (place.textContent === text) place.textContent = this.#before;
  }
}
