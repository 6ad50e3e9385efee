/** What in a data folder belongs to nothing. Pure. Told is the uppermost of what lies in each other. */

export interface Entry {
  /** Below the data folder, with slashes. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** The files of a rendered job, below its folder (`3/large.mp4`), by its id. */
export type Published = ReadonlyMap<string, readonly string[]>;

const STORE = ['storyfarm.db', 'storyfarm.db-wal', 'storyfarm.db-shm', 'storyfarm.db-farm'];
const KNOWN = [...STORE, 'farm.lock', 'ffmpeg.json', 'outcomes.journal.damaged'];
/** Tells the disk of jobs from an empty mount point. */
const MARK = 'jobs/.storyfarm';
const UNFINISHED = /\.part(\/|$)|(^|\/)\.owner$/;
const PHRASE = /^phrases\/[0-9a-f]{2}\/[0-9a-f]{62}$/;

export function straysIn(entries: readonly Entry[], published: Published): string[] {
  const strays = entries.filter((entry) => !belongs(entry, published)).map(({ path }) => path);
  return strays.filter((path) => !strays.some((other) => path.startsWith(`${other}/`))).sort();
}

function belongs({ path, isFolder }: Entry, published: Published): boolean {
  const [top, id = '', ...rest] = path.split('/');
  if (UNFINISHED.test(path)) return false;
  if (path === MARK && !isFolder) return true;
  if (top === 'jobs') return id === '' || belongsToJob(rest.join('/'), isFolder, published.get(id));
  if (isFolder || top === 'editions') return true;
  return top === 'phrases' ? PHRASE.test(path) : KNOWN.includes(path);
}

function belongsToJob(path: string, isFolder: boolean, files: readonly string[] | undefined): boolean {
  if (!files) return false;
  return isFolder ? path === '' || files.some((file) => file.startsWith(`${path}/`)) : files.includes(path);
}
