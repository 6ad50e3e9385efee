/** Where the front of a configuration is reached from this machine. Pure. */

import { StoryfarmError } from '../errors.js';
import type { Config } from './options.js';

/** Hosts that mean every network of the machine, and where such a front is met. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Throws `invalid_request` where the system chooses the port. */
export function frontAddress({ host, port }: Pick<Config, 'host' | 'port'>): string {
  if (port === 0)
    throw new StoryfarmError('invalid_request', 'The front is configured to take any free port (port 0).', {
      hint: 'Give its address with --url or STORYFARM_URL; its log says where it listens.',
    });
  const met = EVERYWHERE[host] ?? host;
  return `http://${met.includes(':') ? `[${met}]` : met}:${port}`;
}
