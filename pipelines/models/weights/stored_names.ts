/** The names that a checkpoint's files may give to a weight. @module */

/**
 * The name under which the files hold a weight: its own; without what checkpoints of the bare model omit; with the
 * first releases' names of a layer norm's weights (`gamma`, `beta`); or with those of DeBERTa's published head.
 *
 * @returns `undefined` if the files hold none of them.
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

/** DeBERTa's third version is published with a head of its own name and a config that does not mention it. */
function publishedHeadName(name: string): string {
  return name.replace(/^cls\.predictions\.(transform\.)?/, "lm_predictions.lm_head.");
}
