/** Links that contain a trained edit after their #, which a browser sends to nobody. @module */

/** The maximum length of a link, in characters; browsers and chats accept this much. */
const longest = 30_000;

/** A link to this page with an edit; `undefined` if the edit is too large. */
export function linkWith(base: string, zip: Uint8Array<ArrayBuffer>): string | undefined {
  const text = btoa(Array.from(zip, (byte) => String.fromCharCode(byte)).join(""));
  const link = new URL(location.href);
  link.hash = new URLSearchParams({ base, edit: text }).toString();
  return link.href.length > longest ? undefined : link.href;
}

/** Removes the edit from this page's URL, so that a reload does not open it again. */
export function forgetEditInAddress(): void {
  if (new URLSearchParams(location.hash.slice(1)).has("edit")) {
    history.replaceState(null, "", `${location.pathname}${location.search}`);
  }
}

/** The edit in this page's own URL. Throws an Error if it is damaged. */
export function editInAddress(): { readonly base: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined {
  const parts = new URLSearchParams(location.hash.slice(1)), edit = parts.get("edit"), base = parts.get("base");
  if (edit === null || base === null) return undefined;
  try {
    // Some chats decode what a link encodes, and then a plus sign is read as a space.
    return { base, bytes: Uint8Array.from(atob(edit.replaceAll(" ", "+")), (character) => character.charCodeAt(0)) };
  } catch {
    throw new Error("the link's edit is damaged; request the link again");
  }
}
