/** The kinds of views, one record each. @module */
import type { View } from "./dataset.ts";
import { half, sample, shuffle, split } from "./drawn_views.ts";
import { filter, map, unique } from "./function_views.ts";
import { concat, repeat, skip, slice, take } from "./part_views.ts";
import type { ViewKind } from "./view_kind.ts";

/** Every kind of view. */
export const viewKinds: { readonly [K in View["kind"]]: ViewKind<Extract<View, { readonly kind: K }>> } = {
  take,
  skip,
  slice,
  split,
  map,
  filter,
  unique,
  shuffle,
  sample,
  half,
  concat,
  repeat,
};

/** The kind of a view. */
export function viewKindOf({ kind }: View): ViewKind<View> {
  return viewKinds[kind];
}
