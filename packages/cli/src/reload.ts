import { isPilotlightError } from "@pilotlight/core";

import type { BuildOptions, BuiltApplication } from "./application.ts";
import type { Deployment } from "./deployment.ts";
import { watchFiles } from "./watch.ts";

interface ReloadOptions {
  readonly build: (options: Pick<BuildOptions, "onInputs">) => Promise<BuiltApplication>;
  readonly deployment: Pick<Deployment, "apply">;
  readonly say: (line: string) => void;
}

/**
 * Builds and deploys anew whenever a file of the application changes.
 *
 * A build that fails leaves the functions as they are, and its files are watched beside those of the last good
 * build: mending one of them is what the next build waits for.
 *
 * @returns Ends the watch; settles when no build is under way any more.
 */
export function reloadOnChange(
  first: BuiltApplication,
  { build, deployment, say }: ReloadOptions,
): () => Promise<void> {
  let inputs = first.inputs;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;
  const pending = new Set<string>();

  const reload = async () => {
    if (isClosed || pending.size === 0) return;
    const paths = [...pending];
    pending.clear();
    const known = new Set<string>();
    say(`changed: ${paths.join(", ")}`);
    try {
      const application = await build({
        onInputs: (files) => {
          for (const file of files) known.add(file);
        },
      });
      // An emulator that stops takes no functions.
      if (isClosed) return;
      inputs = application.inputs;
      fileWatch.set(inputs);
      const replaced = await deployment.apply(application, { changedPaths: paths });
      say(replaced.length === 0 ? "nothing to replace" : `replaced: ${replaced.join(", ")}`);
    } catch (error) {
      // Watching again would keep the process alive.
      if (isClosed) return;
      fileWatch.set([...new Set([...inputs, ...known])]);
      // They are still to be deployed, with what mends the fault.
      for (const path of paths) pending.add(path);
      say(faultLine(error));
      say("the functions that ran before still run");
    }
  };
  const fileWatch = watchFiles({
    onChange: (paths) => {
      for (const path of paths) pending.add(path);
      running = running.then(reload);
    },
    onLimit: say,
  });
  fileWatch.set(inputs);
  return async () => {
    isClosed = true;
    fileWatch.close();
    // A build that is under way writes into the folder that is removed next.
    await running;
  };
}

/** An error as people read it: no stack for one of ours. */
export function faultLine(error: unknown): string {
  return isPilotlightError(error) ? `${error.code}: ${error.message}` : String(error);
}
