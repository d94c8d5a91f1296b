/** The masks of edited positions that the host feeds. @module */
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Adaptation } from "../lower/adaptation.ts";
import { isEdited } from "../lower/edited_tokens.ts";
import { columnsOf, maskName, masksOf, maskWidth } from "../lower/edit_masks.ts";
import { runOfSite } from "../lower/sites.ts";
import { groupExtents, type LaidOutRow, seenTokens } from "./laid_out_rows.ts";
import type { Layout, Segment } from "./layout.ts";

/** The mask of each edit over its segment [batch, tokens, {@linkcode maskWidth}]. */
export function editedFeeds(rows: readonly LaidOutRow[], layout: Layout, adaptations: readonly Adaptation[]): Feeds {
  const feeds: Feeds = {}, extents = groupExtents(rows);
  for (const masked of masksOf(adaptations)) {
    const name = maskName(masked), width = maskWidth(masked);
    if (ownValue(feeds, name) !== undefined) continue;
    const segment = layout.segments.find(({ name }) => name === runOfSite(masked));
    if (segment === undefined) throw new TypeError(`The rows have no ${runOfSite(masked)} to edit`);
    const length = extents[segment.name], data = new Float32Array(rows.length * length * width);
    rows.forEach((row, index) => {
      const start = seenTokens(row, segment), prompt = promptOf(row, segment);
      const columns = columnsOf(masked, row.whole), { strength = 1 } = masked;
      row[segment.name].forEach((_, at) => {
        if (!isEdited(masked, prompt, start + at)) return;
        for (const column of columns) data[(index * length + at) * width + column] = strength;
      });
    });
    putValue(feeds, name, { data, shape: [rows.length, length, width] });
  }
  return feeds;
}

/** The prompt over which an intervention's positions count; a decoder's is its start token. */
function promptOf({ whole }: LaidOutRow, { startToken }: Segment): TokenizedPrompt {
  return startToken === undefined ? whole : { ...whole, prompt: [startToken] };
}
