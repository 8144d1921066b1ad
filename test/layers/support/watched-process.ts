import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readlink } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

/** What a process left on the disk and tried on the network. */
export interface Traces {
  /** Files in its home and in its folder for temporary files. */
  readonly files: readonly string[];
  /** First lines of what its HTTP client asked of the proxy. */
  readonly requests: readonly string[];
  /** Sockets that it has open. */
  readonly sockets: readonly string[];
}

export interface WatchedOptions {
  /** Folder for what belongs to the process; made here. */
  readonly folder: string;
  /** Evaluated as an ES module with `require`; when it is through, the process stays until it is stopped. */
  readonly code: string;
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * A Node process with a home and a folder for temporary files of its own, whose HTTP clients are told to use a proxy.
 *
 * The proxy listens on this machine, takes connections, passes nothing on and does not answer, so that a connection that
 * was tried once stays open and is seen. The process has neither pipes nor a terminal, which would be sockets too.
 */
export class WatchedProcess {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #proxy: Server;
  readonly #requests: string[] = [];
  readonly #connections: Socket[] = [];

  private constructor(
    folder: string,
    { process, proxy }: { process: ChildProcess; proxy: Server },
  ) {
    this.#folder = folder;
    this.#process = process;
    this.#proxy = proxy;
    proxy.on("connection", (connection) => {
      this.#connections.push(connection);
      connection.once("data", (data) =>
        this.#requests.push(data.toString().split("\r\n")[0] ?? ""),
      );
      connection.on("error", () => connection.destroy());
    });
  }

  static async start({ folder, code, variables }: WatchedOptions): Promise<WatchedProcess> {
    for (const name of OWN_FOLDERS) await mkdir(join(folder, name), { recursive: true });
    const proxy = createServer();
    const proxyUrl = await new Promise<string>((resolve) => {
      proxy.listen(0, "127.0.0.1", () => {
        const address = proxy.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
      });
    });
    const script = `import { createRequire } from "node:module"; import { writeFileSync } from "node:fs";
      const require = createRequire(import.meta.url);
      ${code}
      writeFileSync(${JSON.stringify(join(folder, LOADED_FILE))}, "");
      setInterval(() => {}, 1000);`;
    const process = spawn(globalThis.process.execPath, ["--input-type=module", "--eval", script], {
      stdio: "ignore",
      cwd: folder,
      env: {
        ...variables,
        HOME: join(folder, "home"),
        TMPDIR: join(folder, "temporary"),
        http_proxy: proxyUrl,
        https_proxy: proxyUrl,
        ALL_PROXY: proxyUrl,
      },
    });
    return new WatchedProcess(folder, { process, proxy });
  }

  /** Whether its code is through. */
  isLoaded(): boolean {
    return existsSync(join(this.#folder, LOADED_FILE));
  }

  isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async traces(): Promise<Traces> {
    const folders = OWN_FOLDERS.map(async (name) => {
      const entries = await readdir(join(this.#folder, name), { recursive: true });
      return entries.map((entry) => `${name}/${entry}`);
    });
    const files = (await Promise.all(folders)).flat();
    return { files, requests: [...this.#requests], sockets: await this.#openSockets() };
  }

  async stop(): Promise<void> {
    const ended = this.isRunning() ? once(this.#process, "exit") : undefined;
    this.#process.kill("SIGKILL");
    await ended;
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#proxy.close(resolve));
  }

  async #openSockets(): Promise<string[]> {
    const folder = `/proc/${this.#process.pid}/fd`;
    const targets = (await readdir(folder)).map((name) =>
      // A descriptor that was closed meanwhile.
      readlink(join(folder, name)).catch(() => ""),
    );
    return (await Promise.all(targets)).filter((target) => target.startsWith("socket:"));
  }
}

const OWN_FOLDERS = ["home", "temporary"] as const;
const LOADED_FILE = "loaded";
