/** The names that a weight may have in a checkpoint's files. @module */

/**
 * The name of a weight in the files: its own; without the prefix that checkpoints of the bare model omit; with the
 * names of layer norm weights from early releases (`gamma`, `beta`); or with the names of DeBERTa's published head.
 *
 * @returns `undefined` if the files have none of them.
 */
export function storedName(
  name: string,
  stored: { has(name: string): boolean },
  barePrefix: string,
): string | undefined {
  const bare = barePrefix !== "" && name.startsWith(barePrefix) ? [name.slice(barePrefix.length)] : [];
  const names = [name, ...bare, publishedHeadName(name)];
  return names.flatMap((each) => [each, firstReleaseName(each)]).find((each) => stored.has(each));
}

function firstReleaseName(name: string): string {
  return name.replace(/(LayerNorm)\.weight$/, "$1.gamma").replace(/(LayerNorm)\.bias$/, "$1.beta");
}

/** DeBERTa's third version is published with a head under another name, which its config does not mention. */
function publishedHeadName(name: string): string {
  return name.replace(/^cls\.predictions\.(transform\.)?/, "lm_predictions.lm_head.");
}
