/** What was found, check by check: how often it was looked at, the worst figure against its limit, and what was wrong. */

/** Sentences kept of each check; the number of failures tells of the others. */
const MOST_TOLD = 5;

export interface Finding {
  readonly rendition: string;
  readonly check: string;
  readonly done: number;
  /** Undefined for checks that have no figure. */
  readonly worst: number | undefined;
  readonly limit: string;
  readonly failed: number;
  readonly failures: readonly string[];
}

interface Row {
  done: number;
  worst: number | undefined;
  limit: string;
  failed: number;
  readonly failures: string[];
}

export type Limit = { readonly least: number } | { readonly most: number };

export class Findings {
  readonly #rows = new Map<string, Row>();

  /** Notes a figure that must keep to a limit. `where` is told when it does not. */
  measure(rendition: string, check: string, value: number, limit: Limit, where: string): void {
    const row = this.#row(rendition, check);
    const isLeast = 'least' in limit;
    row.limit = isLeast ? `>= ${limit.least}` : `<= ${limit.most}`;
    const worse = isLeast ? Math.min : Math.max;
    row.worst = row.worst === undefined ? value : worse(row.worst, value);
    const holds = isLeast ? value >= limit.least : value <= limit.most;
    this.#note(row, holds ? [] : [`${where}: ${value}, must be ${row.limit}`]);
  }

  /** Notes a figure that is told and not judged; the least is kept. */
  tell(rendition: string, check: string, value: number): void {
    const row = this.#row(rendition, check);
    row.done++;
    row.worst = Math.min(row.worst ?? value, value);
  }

  /** Notes a check without a figure: what is wrong, as sentences, if anything is. */
  hold(rendition: string, check: string, wrong: readonly string[], where = ''): void {
    this.#note(
      this.#row(rendition, check),
      wrong.map((sentence) => (where ? `${where}: ${sentence}` : sentence)),
    );
  }

  /** Rendition by rendition. */
  list(): Finding[] {
    const all = [...this.#rows].map(([key, row]): Finding => {
      const [rendition = '', check = ''] = key.split('\n');
      return { rendition, check, ...row };
    });
    const renditions = [...new Set(all.map(({ rendition }) => rendition))];
    return renditions.flatMap((id) => all.filter(({ rendition }) => rendition === id));
  }

  #note(row: Row, wrong: readonly string[]): void {
    row.done++;
    if (wrong.length === 0) return;
    row.failed++;
    row.failures.push(...wrong.slice(0, MOST_TOLD - row.failures.length));
  }

  #row(rendition: string, check: string): Row {
    const key = `${rendition}\n${check}`;
    const row = this.#rows.get(key) ?? { done: 0, worst: undefined, limit: '', failed: 0, failures: [] };
    this.#rows.set(key, row);
    return row;
  }
}
