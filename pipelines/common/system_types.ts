/** What a machine provides besides the language: files, variables and permissions. @module */

/** What is known about a file without reading it. */
export interface SystemFileInfo {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  readonly size: number;
  readonly mtime: Date | null;
  readonly atime: Date | null;
  readonly ctime: Date | null;
  readonly dev: number;
  readonly ino: number | null;
}

/** An entry in a folder's listing. */
export interface SystemEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** An open file or folder, closed at the end of its scope. */
export interface SystemFile extends Disposable {
  read(target: Uint8Array): Promise<number | null>;
  readSync(target: Uint8Array): number | null;
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
  seek(offset: number | bigint, from: number): Promise<number>;
  seekSync(offset: number | bigint, from: number): number;
  truncate(length?: number): Promise<void>;
  truncateSync(length?: number): void;
  stat(): Promise<SystemFileInfo>;
  statSync(): SystemFileInfo;
  sync(): Promise<void>;
  syncSync(): void;
  syncDataSync(): void;
  utime(used: number | Date, written: number | Date): Promise<void>;
  utimeSync(used: number | Date, written: number | Date): void;
  lock(exclusive?: boolean): Promise<void>;
  lockSync(exclusive?: boolean): void;
  tryLock(exclusive?: boolean): Promise<boolean>;
  tryLockSync(exclusive?: boolean): boolean;
  close(): void;
  /** The rest of it; it is closed at the end. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** How a file is opened; for reading if omitted. */
export interface SystemOpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  readonly truncate?: boolean;
  readonly create?: boolean;
  readonly createNew?: boolean;
  /** Who may read and write it, if the system has such permissions. */
  readonly mode?: number;
}

/** The files of a machine, with Deno's names and errors. */
export interface SystemFiles {
  open(path: string | URL, options?: SystemOpenOptions): Promise<SystemFile>;
  openSync(path: string | URL, options?: SystemOpenOptions): SystemFile;
  stat(path: string | URL): Promise<SystemFileInfo>;
  statSync(path: string | URL): SystemFileInfo;
  lstat(path: string | URL): Promise<SystemFileInfo>;
  lstatSync(path: string | URL): SystemFileInfo;
  realPath(path: string | URL): Promise<string>;
  readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
  readFileSync(path: string | URL): Uint8Array<ArrayBuffer>;
  readTextFile(path: string | URL): Promise<string>;
  readTextFileSync(path: string | URL): string;
  writeTextFile(path: string | URL, text: string): Promise<void>;
  readDir(path: string | URL): AsyncIterable<SystemEntry>;
  readDirSync(path: string | URL): Iterable<SystemEntry>;
  mkdir(path: string | URL, options?: { readonly recursive?: boolean }): Promise<void>;
  mkdirSync(path: string | URL, options?: { readonly recursive?: boolean }): void;
  rename(from: string | URL, to: string | URL): Promise<void>;
  renameSync(from: string | URL, to: string | URL): void;
  remove(path: string | URL, options?: { readonly recursive?: boolean }): Promise<void>;
  removeSync(path: string | URL, options?: { readonly recursive?: boolean }): void;
  symlink(to: string | URL, path: string | URL): Promise<void>;
  link(from: string, to: string): Promise<void>;
  makeTempFileSync(options: { readonly prefix: string }): string;
  cwd(): string;
  /** Where a seek starts from. */
  readonly SeekMode: { readonly Start: number; readonly Current: number; readonly End: number };
  /** The errors of file operations. */
  readonly errors: Readonly<
    Record<"NotFound" | "NotCapable" | "NotADirectory" | "IsADirectory" | "AlreadyExists", ErrorClass>
  >;
}

type ErrorClass = new (message?: string) => Error;

/** A permission that is queried. */
export type AskedPermission =
  | { readonly name: "sys"; readonly kind: "statfs" | "systemMemoryInfo" | "hostname" }
  | { readonly name: "run"; readonly command: string }
  | { readonly name: "net"; readonly host?: string }
  | { readonly name: "env"; readonly variable: string };

/** A machine. */
export interface System extends SystemFiles {
  readonly env: { get(name: string): string | undefined };
  readonly permissions: { querySync(asked: AskedPermission): { readonly state: string } };
  readonly build: { readonly os: string; readonly arch: string; readonly target: string };
  readonly version: { readonly deno: string; readonly v8: string };
  /** Where the program started, as a URL. */
  readonly mainModule: string;
  exitCode: number;
  execPath(): string;
  unrefTimer(timer: ReturnType<typeof setInterval>): void;
}
