/** Names of files in folders, without their bytes. @module */
import type { Blocks } from "./blocks.ts";

/** A file. */
export interface FileNode {
  readonly kind: "file";
  readonly id: number;
  blocks: Blocks;
  /** The number of its place on disk; none if it is only in memory. */
  slot: number | undefined;
  written: number;
  used: number;
  /** How many names it has, and how often it is open. */
  names: number;
  open: number;
}

/** A folder. */
export interface FolderNode {
  readonly kind: "folder";
  readonly id: number;
  readonly children: Map<string, TreeNode>;
  written: number;
}

/** A symbolic link. */
interface LinkNode {
  readonly kind: "link";
  readonly id: number;
  readonly target: string;
  readonly written: number;
}

/** Anything that has a name. */
export type TreeNode = FileNode | FolderNode | LinkNode;

let lastId = 0;

/** A number that no other node has had. */
export function nextId(): number {
  return ++lastId;
}

/** The number of a file on disk: the same after the page is reloaded, as cached information about it requires. */
export function idOfSlot(slot: number): number {
  return slot + 1e9;
}

/** An empty folder. */
export function newFolder(written: number = Date.now()): FolderNode {
  return { kind: "folder", id: nextId(), children: new Map(), written };
}

/** A place in the tree: a folder, a name in it, and what has that name. */
export interface Place {
  readonly folder: FolderNode;
  readonly name: string;
  readonly node: TreeNode | undefined;
  /** The path without links. */
  readonly path: string;
}

/** Why a path leads nowhere. */
type Nowhere = "NotFound" | "NotADirectory";

/** How many links are followed before they count as a cycle. */
const mostLinks = 40;

/**
 * Finds what a path names.
 *
 * @param path Absolute.
 * @param follows Whether a link at its end is followed.
 */
export function find(root: FolderNode, path: string, follows: boolean): Place | Nowhere {
  const rest = partsOf(path), way: { readonly folder: FolderNode; readonly name: string }[] = [];
  let folder = root, links = 0;
  for (;;) {
    const name = rest.shift();
    const at = () => `/${way.map((step) => step.name).join("/")}`;
    if (name === undefined) {
      const last = way.pop();
      return last === undefined ? { folder: root, name: "", node: root, path: "/" } : {
        folder: last.folder,
        name: last.name,
        node: last.folder.children.get(last.name),
        path: join(at(), last.name),
      };
    }
    if (name === "..") {
      folder = way.pop()?.folder ?? root;
      continue;
    }
    const node = folder.children.get(name), isLast = rest.length === 0;
    if (node?.kind === "link" && (follows || !isLast)) {
      if (++links > mostLinks) return "NotFound";
      rest.unshift(...partsOf(node.target));
      if (node.target.startsWith("/")) {
        way.length = 0;
        folder = root;
      }
      continue;
    }
    if (isLast) return { folder, name, node, path: join(at(), name) };
    if (node === undefined) return "NotFound";
    if (node.kind !== "folder") return "NotADirectory";
    way.push({ folder, name });
    folder = node;
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
