/** Parses templates. @module */
import { withoutRawBlocks } from "./raw_blocks.ts";
import { restored, rewritten } from "./rewritten_tokens.ts";
import { type Statement, tokensOf, treeOf } from "./tree.ts";

/**
 * Parses a template as transformers does: line ends are `\n`, and blocks trim the end and the start of their line.
 *
 * @throws {Error} If it is not Jinja, or has an unsupported statement.
 */
export function readTemplate(template: string): readonly Statement[] {
  const tokens = tokensOf(withoutRawBlocks(template.replace(/\r\n?/g, "\n")));
  return restored(treeOf(rewritten(tokens)));
}
