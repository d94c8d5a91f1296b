/** Keeps the keyboard's focus on the button that is of use. @module */

/** After how long work is stopped by whoever presses a key, and not by a key that is still held, in milliseconds. */
const patience = 1000;

/**
 * Moves the focus from the button that starts some work, which is disabled meanwhile, to the one that stops it.
 *
 * @returns What gives it back when the work is over.
 */
export function focusing(stop: HTMLButtonElement): () => void {
  const start = document.activeElement;
  if (!(start instanceof HTMLButtonElement)) return () => {};
  const isLost = () => document.activeElement === start || document.activeElement === document.body;
  const timer = setTimeout(() => {
    if (isLost() && !stop.disabled) stop.focus();
  }, patience);
  // A disabled button may not be focused any more.
  return () => {
    clearTimeout(timer);
    if (isLost() || document.activeElement === stop) start.focus();
  };
}
