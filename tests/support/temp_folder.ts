import { wayGiven } from "../../disk/give_way.ts";
import { libc } from "../../disk/libc.ts";

// It stays loaded: a test that happened to need it first would be told off for that.
libc();
// So would one that ends while the event loop still has to come round.
Deno.test.afterEach(wayGiven);

/** A folder for one test, removed at its end. */
export class TempFolder implements Disposable {
  /** Its real path. */
  readonly path: string;

  /** @param dir where it is made; by default where the system has such folders */
  constructor(dir?: string) {
    this.path = Deno.realPathSync(Deno.makeTempDirSync({ dir, prefix: "connme-test-" }));
  }

  /**
   * Puts a file into it.
   *
   * @param name a path below the folder; its folders are made
   * @param content text, bytes, or how many bytes long a sparse file of zeros is to be
   * @returns its path
   */
  file(name: string, content: string | Uint8Array | number = ""): string {
    const path = `${this.path}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else if (typeof content !== "number") Deno.writeFileSync(path, content);
    else {
      using file = Deno.openSync(path, { write: true, create: true, truncate: true });
      file.truncateSync(content);
    }
    return path;
  }

  /** Removes it with all that is in it. */
  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
