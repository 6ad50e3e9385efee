/** Signals, as a service under a process manager needs them: the first TERM or INT leaves gracefully, the second at once. */

export interface Stoppable {
  /** Finish the present work, then end. */
  readonly drain: () => Promise<void>;
  /** End now. */
  readonly stop: () => Promise<void>;
}

/** Handlers only call; what is called must be idempotent. The process ends by itself when nothing is left to do. */
export function onSignals({ drain, stop }: Stoppable): void {
  let asked = 0;
  const leave = () => {
    asked++;
    void (asked === 1 ? drain() : stop()).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  // pm2 on Windows cannot send signals; it sends this message instead.
  process.on('message', (message) => {
    if (message === 'shutdown') leave();
  });
}

/** Tells pm2 (`wait_ready`) that the service works; without pm2 it does nothing. */
export function tellReady(): void {
  if (process.connected) process.send?.('ready');
}
