/** What a visitor needs who comes back without a connection. @module */

/** The name of the cache, as `offline.js` has it. */
const name = "refract";

/** Has a script keep what this page loads from now on, and keeps what it has loaded. */
export async function keepForOffline(): Promise<void> {
  await navigator.serviceWorker?.register("offline.js");
  const cache = await caches.open(name), own = (url: string) => new URL(url).origin === location.origin;
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name).filter(own);
  await cache.addAll([new URL("./", document.baseURI).href, ...new Set(loaded)]);
}
