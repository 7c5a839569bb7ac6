/**
 * More threads for one server. All of them listen on the same port, and the system deals the clients out among them. They
 * share nothing but the count of clients: names are claimed on disk.
 *
 * @module
 */

import type { Settings } from "./config.ts";
import { Places } from "./places.ts";
import { createServer } from "./serve.ts";

/** What a thread is started with. */
interface Start {
  readonly dir: string;
  readonly settings: Settings;
  readonly port: number;
  readonly places: SharedArrayBuffer;
}

/** What a running thread is told. */
type Order = { stop: number } | { cut: true };

/** The other threads of a server. */
export class Workers {
  readonly #workers: Worker[] = [];
  readonly #ended: Promise<void>[] = [];

  /**
   * Starts them.
   *
   * @param count how many
   * @param dir the folder to serve
   * @param settings as in the first thread
   * @param port that the first thread listens on
   * @param places shared with the first thread
   */
  constructor(count: number, dir: string, settings: Settings, port: number, places: Places) {
    // The program itself: in a thread it does what runWorker() does.
    const program = Deno.mainModule;
    for (let index = 0; index < count; index++) {
      const worker = new Worker(program, { type: "module" });
      const ended = Promise.withResolvers<void>();
      worker.onmessage = () => ended.resolve();
      worker.onerror = (event) => {
        console.error(`ftpd: a worker failed: ${event.message}`);
        Deno.exit(1);
      };
      worker.postMessage({ dir, settings, port, places: places.shared } satisfies Start);
      this.#workers.push(worker);
      this.#ended.push(ended.promise);
    }
  }

  /** Resolves when all of them have stopped. */
  async ended(): Promise<void> {
    await Promise.all(this.#ended);
  }

  /**
   * Tells all of them to stop.
   *
   * @param graceMs see `Server.stop`
   */
  stop(graceMs: number): void {
    for (const worker of this.#workers) worker.postMessage({ stop: graceMs } satisfies Order);
  }

  /** Tells all of them to cut off every client. */
  cut(): void {
    for (const worker of this.#workers) worker.postMessage({ cut: true } satisfies Order);
  }
}

/** What can be seen of a thread from within. */
interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}

/** Whether this is a thread started by {@linkcode Workers}. */
export function isWorker(): boolean {
  return "WorkerGlobalScope" in globalThis;
}

/** Serves as one of several threads, until it is told to stop. */
export async function runWorker(): Promise<void> {
  const scope = globalThis as unknown as WorkerScope;
  const { promise, resolve } = Promise.withResolvers<Start>();
  scope.onmessage = ({ data }) => resolve(data);
  const { dir, settings, port, places } = await promise;
  const server = createServer(
    dir,
    settings,
    new Places(settings["max-connections"], places),
    (hostname) => Deno.listen({ hostname, port, reusePort: true }),
  );
  scope.onmessage = ({ data }: MessageEvent<Order>) => "stop" in data ? server.stop(data.stop) : server.cut();
  await server.run();
  scope.postMessage("ended");
}
