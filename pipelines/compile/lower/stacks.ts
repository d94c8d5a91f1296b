/** The two stacks of blocks of a model whose encoder reads the prompt for a decoder. @module */
import { RequestError } from "../../common/errors.ts";
import type { EditedModel, SiteName, StackName } from "../../models/architecture/architecture.ts";

/** One stack of blocks. */
export type Stack = Pick<EditedModel, "blocks" | "sites">;

/**
 * The stack that a site's declaration means.
 *
 * @throws {RequestError} If a model of two stacks is not told which, or one of one stack is told one.
 */
export function stackOf(model: EditedModel, name: StackName | undefined): Stack {
  if (model.encoder === undefined) {
    if (name === undefined) return model;
    throw new RequestError(`the model has one stack of blocks; write its sites without ${name}, as in block(0).output`);
  }
  if (name === undefined) {
    throw new RequestError(
      "the model has an encoder and a decoder; say whose site is meant, as in encoder.block(0).output or " +
        "decoder.block(0).output",
    );
  }
  return name === "encoder" ? model.encoder : model;
}

/** The run of tokens that what acts at a site acts on: the context if an encoder has read them. */
export function runOfSite(
  { stack, site }: { readonly stack?: StackName | undefined; readonly site: SiteName },
): "context" | "tail" {
  const isEncoded = stack === "encoder" || site === "crossAttention.key" || site === "crossAttention.value";
  return isEncoded ? "context" : "tail";
}
