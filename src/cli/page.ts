/** docs/configuration.md, made from the table of options; scripts/docs.mjs writes it, and a test holds the committed page to it. */

import { flagOf, LIVE, OPTIONS, type OptionName, usualOf, variableOf } from './options.js';

export function configurationPage(): string {
  const rows = (Object.keys(OPTIONS) as OptionName[]).map((name) => {
    const { text, unit } = OPTIONS[name];
    return `| \`${name}\` | ${unit} | ${cell(name)} | ${text} |`;
  });
  return `${HEAD}\n| option | unit | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n${TAIL}`;
}

/** What can be written is set as code, what is said in words is not. */
const cell = (name: OptionName) => ('usual' in OPTIONS[name] ? usualOf(name) : `\`${usualOf(name)}\``);

const HEAD = `# Configuration

<!-- Made by \`node scripts/docs.mjs\` from the table of options (src/cli/options.ts). -->

Every option may be given in four places; the later one wins:

1. its default;
2. the configuration file, one JSON object: \`storyfarm.config.json\` in the folder where a command is started, or the file that \`--config\` or
   \`STORYFARM_CONFIG\` names;
3. the environment: \`${variableOf('maxJobs')}\` for \`maxJobs\`;
4. a flag: \`${flagOf('maxJobs')}\`, of the commands that use the option (\`storyfarm COMMAND --help\`).

\`storyfarm config\` prints what is in force and where it came from. An unknown key, an unknown \`STORYFARM_…\` variable or a value that cannot be used is an error
that names its place, and nothing starts.

\`\`\`json
{
  "dataFolder": "/srv/storyfarm",
  "slots": 4,
  "maxMemory": "600MB",
  "drain": "90s"
}
\`\`\`
`;

const TAIL = `
- A *time* is a number with \`ms\`, \`s\`, \`min\`, \`h\` or \`d\`, or milliseconds; at most 24 days.
- A *size* is a number with \`kB\`, \`MB\`, \`GB\`, \`KiB\`, \`MiB\` or \`GiB\`, or bytes.
- Relative places in a file begin at the file's folder, others at the folder where the command is started.
- Several \`templateFolders\` are a list in the file, stand between colons in the environment (semicolons on Windows), and repeat the flag; so do several \`tags\`, with commas between them.
- A running farm takes over a change of these when it reads its configuration again (\`storyfarm reload\`, [operations.md](operations.md#control)), and of the
  others at a restart: ${LIVE.map((name) => `\`${name}\``).join(', ')}.
- \`maxMemoryHard\` must be greater than \`maxMemory\`, \`silent\` greater than \`heartbeat\`.

Variables that are no options: \`STORYFARM_CONFIG\` names the configuration file; \`STORYFARM_URL\` is the front that \`storyfarm submit\` talks to, else that of \`host\` and \`port\`, and \`STORYFARM_KEY\`
the key that it shows there.

## Partners

Without \`partners\` whoever reaches the front may use it, and all jobs are those of the partner \`local\`. With them every request to the API needs
\`Authorization: Bearer KEY\`; without a key that is known it is answered 401. A partner sees its own jobs alone: those of another are answered 404.
The addresses of finished files need no key; nobody can guess them.

\`\`\`json
{
  "partners": {
    "acme": { "keys": ["sha256:6ca13d52ca70c883e0f0bb101e425a89e8624de51db2d2392593af6a84118090"] }
  }
}
\`\`\`

\`storyfarm partners key acme\` makes a key: it prints the key, for the partner, and its hash, for this list. The key itself is kept nowhere. To replace one
without a pause, add the new hash, restart the front, hand over the key, and take the old hash away later. In the environment the value is the same object
as JSON: \`STORYFARM_PARTNERS='{"acme": {"keys": ["sha256:…"]}}'\`. Services read it when they start. Where a partner may be told of its jobs
(\`callbacks\`) is in [callbacks.md](callbacks.md). How partners share the farm is told in
[operations.md](operations.md#who-is-served-next).
`;
