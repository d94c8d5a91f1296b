/** Reading templates. @module */
import { withoutRawBlocks } from "./raw_blocks.ts";
import { restored, rewritten } from "./rewritten_tokens.ts";
import { type Statement, tokensOf, treeOf } from "./tree.ts";

/**
 * Reads a template as transformers does: line ends are `\n`, blocks take the end and the start of their line with them.
 *
 * @throws {Error} If it is not Jinja, or has a statement that is not known.
 */
export function readTemplate(template: string): readonly Statement[] {
  const tokens = tokensOf(withoutRawBlocks(template.replace(/\r\n?/g, "\n")));
  return restored(treeOf(rewritten(tokens)));
}
