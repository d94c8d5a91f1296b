/** Writes a tree of names as text, and reads it back. @module */
import type { Blocks } from "./blocks.ts";
import { type FolderNode, idOfSlot, newFolder, nextId, type TreeNode } from "./tree.ts";

/** A name and what it refers to. */
type Stored =
  | { readonly name: string; readonly slot: number; readonly written: number; readonly used: number }
  | { readonly name: string; readonly target: string; readonly written: number }
  | { readonly name: string; readonly children: readonly Stored[]; readonly written: number };

/** Writes a tree; files that are only in memory are omitted. */
export function writeCatalog(root: FolderNode): string {
  return JSON.stringify(storedIn(root));
}

function storedIn({ children }: FolderNode): Stored[] {
  return [...children].flatMap(([name, node]): Stored[] => {
    switch (node.kind) {
      case "folder":
        return [{ name, children: storedIn(node), written: node.written }];
      case "link":
        return [{ name, target: node.target, written: node.written }];
      case "file":
        return node.slot === undefined ? [] : [{ name, slot: node.slot, written: node.written, used: node.used }];
    }
  });
}

/**
 * Reads a tree written by {@linkcode writeCatalog}.
 *
 * @param blocks The bytes of a slot; a file without any is omitted.
 */
export function readCatalog(text: string, blocks: (slot: number) => Blocks | undefined): FolderNode {
  const root = newFolder(), stored: readonly Stored[] = JSON.parse(text), bySlot = new Map<number, TreeNode>();
  const fill = (folder: FolderNode, children: readonly Stored[]) => {
    for (const each of children) {
      if ("children" in each) {
        const inner = newFolder(each.written);
        folder.children.set(each.name, inner);
        fill(inner, each.children);
      } else if ("target" in each) {
        const { target, written } = each;
        folder.children.set(each.name, { kind: "link", id: nextId(), target, written });
      } else {
        const found = bySlot.get(each.slot), own = blocks(each.slot);
        if (found?.kind === "file") found.names++;
        if (found !== undefined) folder.children.set(each.name, found);
        if (found !== undefined || own === undefined) continue;
        const { slot, written, used } = each;
        const file: TreeNode = {
          kind: "file",
          id: idOfSlot(slot),
          blocks: own,
          slot,
          written,
          used,
          names: 1,
          open: 0,
        };
        bySlot.set(slot, file);
        folder.children.set(each.name, file);
      }
    }
  };
  fill(root, stored);
  return root;
}
