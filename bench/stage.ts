/**
 * Workspace and servers of one scenario.
 *
 * @module
 */

import { runCommand } from "./harness/command.ts";
import { requireEqual } from "./harness/content.ts";
import type { Contender } from "./harness/measure.ts";
import { peakMemory, resetPeakMemory } from "./harness/proc.ts";
import { Workspace } from "./harness/workspace.ts";
import { type LinkSpeed, type SlowPlace, slowPlace } from "./link/link.ts";
import { here, type Place, type Running, type Server } from "./servers/server.ts";
import { CONNME, type Job, type Tool, unavailable } from "./tools.ts";

/** The jobs of a tool. */
export type JobName = {
  [K in keyof Tool]-?: Exclude<Tool[K], undefined> extends Job ? K : never;
}[keyof Tool];

/** Seconds that one run may take, unless a scenario says otherwise. */
const LIMIT = 300;

/** The tools of a scenario with their servers running. Everything ends with its block. */
export class Stage implements AsyncDisposable {
  /** Where the files are. */
  readonly workspace: Workspace;
  /** Who was left out, and why. */
  readonly notes: string[] = [];
  readonly #place: Place;
  readonly #servers = new Map<Server, Running>();
  readonly #absent = new Set<Tool>();
  readonly #tools: readonly Tool[];
  readonly #link: SlowPlace | undefined;
  readonly #keep: boolean;

  private constructor(place: Place, tools: readonly Tool[], link: SlowPlace | undefined, keep: boolean) {
    this.workspace = place.workspace;
    this.#place = place;
    this.#tools = tools;
    this.#link = link;
    this.#keep = keep;
    if (link) this.notes.push(link.note);
    if (place.workspace.note) this.notes.push(place.workspace.note);
  }

  /**
   * Starts the servers of those tools that are installed.
   *
   * @param tools in the order of their turns
   * @param bytes that will be in files at most, all contenders together
   * @param options `slow`: what lies between servers and clients, nothing by default; `onDisk`: the files are not in memory;
   * `keep`: what a run has written stays until the end
   */
  static async open(
    tools: readonly Tool[],
    bytes: number,
    { slow, onDisk, keep = false }: { slow?: LinkSpeed; onDisk?: boolean; keep?: boolean } = {},
  ): Promise<Stage> {
    const workspace = new Workspace(onDisk);
    let stage: Stage | undefined;
    try {
      if (!onDisk) workspace.reserve(bytes);
      const link = slow && await slowPlace(workspace, slow);
      stage = new Stage(link?.place ?? here(workspace), tools, link, keep);
      for (const tool of tools) await stage.#start(tool);
      return stage;
    } catch (error) {
      if (stage) await stage[Symbol.asyncDispose]();
      else workspace[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Everybody who can do a job.
   *
   * @param job what is timed
   * @param limit seconds that one run may take
   */
  contenders(job: JobName, limit = LIMIT): Contender[] {
    if (this.#tools.includes(CONNME) && !CONNME[job]) this.notes.push(`connme has no command for this yet (${job}).`);
    const able = this.#tools.filter((tool) => !this.#absent.has(tool) && tool[job]);
    return able.map((tool) => this.#contender(tool, job, limit));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.values()) await server[Symbol.asyncDispose]();
    await this.#link?.[Symbol.asyncDispose]();
    this.workspace[Symbol.dispose]();
  }

  async #start(tool: Tool): Promise<void> {
    const { server } = tool;
    try {
      const reason = await unavailable(tool);
      if (reason !== undefined) throw new Error(reason);
      if (server && !this.#servers.has(server)) this.#servers.set(server, await server.start(this.#place));
    } catch (error) {
      this.#absent.add(tool);
      this.notes.push(`${tool.name} is left out: ${(error as Error).message}.`);
    }
  }

  #contender(tool: Tool, job: JobName, limit: number): Contender {
    const { workspace } = this;
    const none: Running = { place: this.#place, port: 0, pid: 0, [Symbol.asyncDispose]: () => Promise.resolve() };
    const server = tool.server ? this.#servers.get(tool.server)! : none;
    const down = job === "getFile" || job === "getTree" || job === "syncDown";
    const run = () => runCommand(tool[job]!(server), limit);
    return {
      name: tool.name,
      prepare: async () => {
        // Everybody writes new files: whoever wrote over the old ones would be spared the work of finding memory.
        workspace.clear(workspace.fetched, this.#keep);
        workspace.clear(workspace.stored, this.#keep);
        // What is measured of a sync is its second run, which finds nothing to do.
        if (job.startsWith("sync")) await run();
        if (server.pid) resetPeakMemory(server.pid);
      },
      run,
      check: () => requireEqual(`${workspace.source}/data`, `${down ? workspace.fetched : workspace.stored}/data`),
      serverPeak: () => server.pid ? peakMemory(server.pid) : 0,
    };
  }
}
