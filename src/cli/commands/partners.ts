/** `storyfarm partners`: who has how much in the queue, and what holds it back; and `partners key` and `partners secret`, which make what partners and we know each other by. */

import { Command } from 'commander';
import { newSecret } from '../../delivery/sign.js';
import { keyHash, newKey } from '../../front/partners.js';
import { byPartner, byTemplate, divisionText } from '../division.js';
import { forStore, inStore, partnerName } from '../store-command.js';
import { printJson } from '../table.js';

export function partnersCommand(): Command {
  return new Command('partners')
    .description('Print who has how much in the queue; make keys for partners.')
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(keyCommand())
    .addCommand(secretCommand());
}

function listCommand(): Command {
  return forStore(new Command('list').description('Print the queue by partner and template, with limits and pauses.'))
    .addHelpText('after', '\n`storyfarm limit` and `storyfarm pause` change it, for all servers on the store.')
    .action((_options, command: Command) =>
      inStore(
        command,
        async (store, config) => {
          const [shares, limits, pauses] = [await store.shares(), await store.limits(), await store.pauses()];
          const queue = { shares, limits, pauses };
          return { store: store.name, partners: byPartner(queue, config.partners), templates: byTemplate(queue) };
        },
        ({ partners, templates }) => divisionText(partners, templates, Date.now()),
      ),
    );
}

function keyCommand(): Command {
  return new Command('key')
    .description('Make a key for a partner. It is printed now and kept nowhere.')
    .argument('<partner>', 'name of the partner')
    .option('--json', 'Print one JSON object.')
    .action((name: string, { json }: { json?: boolean }) => {
      const partner = partnerName(name);
      const key = newKey();
      const hash = keyHash(key);
      if (json) return printJson({ partner, key, hash });
      process.stdout.write(
        `For ${partner}, who sends it as \`Authorization: Bearer KEY\`; it is not shown again:\n\n${key}\n\n` +
          `For storyfarm.config.json; then restart \`front\` or \`up\`:\n\n"partners": {\n  ${JSON.stringify(partner)}: { "keys": [\n    "${hash}"\n  ] }\n}\n`,
      );
    });
}

function secretCommand(): Command {
  return new Command('secret')
    .description('Make a secret with which callbacks to a partner are signed. It is printed now and kept nowhere.')
    .argument('<partner>', 'name of the partner')
    .option('--json', 'Print one JSON object.')
    .action((name: string, { json }: { json?: boolean }) => {
      const partner = partnerName(name);
      const secret = newSecret();
      if (json) return printJson({ partner, secret });
      process.stdout.write(
        `For ${partner}, who checks each callback with it, and for "callbacks" of ${partner} in\n` +
          `storyfarm.config.json, which only the service should be able to read; it is not shown again:\n\n${secret}\n\n` +
          `"callbacks": {\n  "origins": ["https://portal.example.com"],\n  "secrets": ["${secret}"]\n}\n\nThen restart \`front\` and \`farm\`, or \`up\`.\n`,
      );
    });
}
