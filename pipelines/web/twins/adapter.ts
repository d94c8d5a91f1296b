/** The visitor's GPU, and waiting for it. @module */

/** After how long the page says that it waits, in milliseconds. */
const patience = 1000;

let showWaiting: (isWaiting: boolean) => void = () => {};

/** Sets what is called when the GPU keeps the page waiting, and when it answers. */
export function onWaiting(show: (isWaiting: boolean) => void): void {
  showWaiting = show;
}

/**
 * The browser's adapter, a software one included; `undefined` if it has none. A GPU that is busy, for example with what
 * the page had begun before it was reloaded, answers late: the browser waits for as long.
 */
export async function adapterHere(): Promise<GPUAdapter | undefined> {
  if (!("gpu" in navigator)) return undefined;
  let isWaiting = false;
  const timer = setTimeout(() => showWaiting(isWaiting = true), patience);
  try {
    return await navigator.gpu.requestAdapter() ?? undefined;
  } finally {
    clearTimeout(timer);
    if (isWaiting) showWaiting(false);
  }
}
