// What a page of this site has loaded stays for a visitor without a connection. Weights are kept by the page itself.
const name = "refract";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method === "GET" && url.origin === location.origin && !url.pathname.includes("/models/")) {
    event.respondWith(answer(request));
  }
});

async function answer(request) {
  const cache = await caches.open(name);
  try {
    const response = await fetch(request);
    if (response.status === 200) await cache.put(request, response.clone());
    return response;
  } catch (fault) {
    const kept = await cache.match(request);
    if (kept !== undefined) return kept;
    throw fault;
  }
}
