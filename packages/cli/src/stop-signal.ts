/** The ways to ask a server to stop: signals, and the end of the process that supervises it. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Exit code of a process that did not wait for its orderly end. */
const EXIT_FORCED = 130;

export interface StopSignal {
  /** Resolves with the reason at the first request to stop. */
  readonly requested: Promise<string>;
  /** Ends the watch. */
  dispose(): void;
}

/**
 * Watches for requests to stop. A second signal calls `force` and ends the process at once: whoever
 * presses Ctrl-C twice does not want to wait.
 */
export function watchForStop(force: () => void = () => {}): StopSignal {
  let stopping = false;
  let resolveRequested: (reason: string) => void = () => {};
  const requested = new Promise<string>((resolve) => {
    resolveRequested = resolve;
  });
  const onSignal = (signal: string): void => {
    if (stopping) {
      force();
      process.exit(EXIT_FORCED);
    }
    stopping = true;
    resolveRequested(signal);
  };
  const onDisconnect = (): void => {
    stopping = true;
    resolveRequested("the supervising process has gone");
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on("disconnect", onDisconnect);
  return {
    requested,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off("disconnect", onDisconnect);
    },
  };
}
