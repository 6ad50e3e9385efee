/** Signals, as a service under a process manager needs them: the first TERM or INT leaves gracefully, the second at once. */

export interface Stoppable {
  /** Finish the present work, then end. */
  readonly drain: () => Promise<void>;
  /** End now. */
  readonly stop: () => Promise<void>;
}

/** Handlers only call; what is called must be idempotent. Ends the process when it has left. */
export function onSignals({ drain, stop }: Stoppable): void {
  const end = (ending: Promise<void>) =>
    void ending.then(
      () => process.exit(0),
      () => process.exit(1),
    );
  let asked = 0;
  const leave = () => {
    asked++;
    end(asked === 1 ? drain() : stop());
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  // pm2 on Windows cannot send signals; it sends this message instead.
  process.on('message', (message) => {
    if (message === 'shutdown') leave();
  });
  // pm2's daemon is gone. Nobody watches this process any more, and the one that a new daemon starts needs its ports and its folder. Not one of the two
  // signals: whoever ends the machine sends the first of them just then.
  process.on('disconnect', () => end(drain()));
}

/** Tells pm2 (`wait_ready`) that the service works; without pm2 it does nothing. */
export function tellReady(): void {
  if (process.connected) process.send?.('ready');
}
