/** What happens in a farm, event by event, for whoever watches: the log and the metrics here, a test elsewhere. Observers must not throw. */

import type { Failure } from '../errors.js';
import type { Edition } from '../ipc/messages.js';
import type { Job, JobResult } from '../job.js';
import type { Log } from '../log.js';
import { type Metrics, showQueue } from '../metrics.js';
import { DAMAGED, type Paths, pathOf, reasonsOf } from '../paths.js';
import type { Lease, QueueCounts } from '../store/store.js';
import { LOSSES, type Spent } from './capacity.js';
import type { RecycleReason, Wear } from './decisions/recycle.js';
import type { Damage } from './jobs/journal.js';
import type { Slot } from './renderer/renderer.js';

/** A slot of -1 is no seat: that of a standby, or of the renderer that prepares editions. */
export interface FarmObserver {
  /** A renderer's process was started; `pid` is 0 when the system refused. */
  started(slot: number, pid: number): void;
  /** A renderer is ready for jobs, `ms` after it was started. */
  booted(slot: number, pid: number, ms: number): void;
  /** The standby has taken the seat of a renderer that died. */
  seated(slot: number, pid: number): void;
  /** A renderer has given its seat to the standby. */
  recycled(slot: number, pid: number, reason: RecycleReason, standby: number): void;
  /** A renderer is past a limit and not replaced for it: it is as it was when it began, and so would be the next. Told once for each limit. */
  spared(slot: number, pid: number, reason: Wear): void;
  /** A renderer ended unplanned. */
  died(slot: number, pid: number, cause: Failure): void;
  /** A renderer that was to go is gone: recycled, drained or stopped. */
  left(slot: number, pid: number): void;
  /** A renderer wrote a line. */
  line(slot: number, text: string): void;
  assigned(job: Job, slot: number): void;
  /** The result is committed. */
  rendered(job: Job, result: JobResult): void;
  /** The failure is committed; `retryInMs` null means that the job is dead. */
  failed(job: Job, failure: Failure, retryInMs: number | null): void;
  /** The job was given back unharmed. */
  released(job: Job): void;
  /** An attempt is written off, and what it left deleted: another one owns the job, or nobody wants it any more. */
  leaseLost(job: Job): void;
  /** The store refused an outcome under its fence, and the files of the attempt were deleted. Follows the end of an attempt that came too late, also of an earlier life. */
  fenced(lease: Lease): void;
  /** The store has not taken an outcome yet; it was kept in the journal. */
  journalled(job: Job): void;
  /** Lines of the journal were left out; told once, at the start. */
  journalDamaged(damage: Damage): void;
  /** The sweeper deleted what nobody wants: `what` is `attempt`, `edition` or `render`. */
  swept(what: string, name: string): void;
  /** The sweeper has looked for the files of all finished jobs of this server, and these have none. */
  missed(ids: readonly string[]): void;
  /** An edition is being prepared beside the jobs. */
  preparing(edition: Edition): void;
  /** Its preparation has come so far: a fraction that rises, told once a second at most. */
  preparationProgress(edition: Edition, fraction: number): void;
  prepared(edition: Edition, ms: number): void;
  /** It was not prepared: for good, or it will be tried again. */
  notPrepared(edition: Edition, failure: Failure, isGivenUp: boolean): void;
  /** Its preparation was stopped: nobody wants it any more, or the farm ends. That is no failure. */
  preparationStopped(edition: Edition): void;
  /** Something failed that the farm will try again or can do without; `what` continues "trouble with". */
  trouble(what: string, error: unknown): void;
  /** Claims stop or go on; `why` where it is known more exactly. */
  paused(reason: string, on: boolean, why?: { readonly message: string; readonly hint: string }): void;
  /** The farm as it stands, told every second; every five while every renderer waits for a job. */
  state(slots: readonly Slot[], queue: QueueCounts | undefined): void;
  /** Where the seats' time went since this was last told, standbys that are ready, and jobs that may be rendered at the same time. Told with the state. */
  capacity(spent: Spent, now: { readonly standbys: number; readonly concurrency: number }): void;
}

/** The option that is too low, and how that shows. */
const SPARED: Record<Wear, { readonly hint: string; readonly text: string }> = {
  memory: {
    hint: 'Raise maxMemory: renderers need more from the first job on. They live for minLifetime meanwhile. `storyfarm recycle --suggest` proposes a value.',
    text: 'maxMemory is lower than what a renderer needs; none is recycled for it before minLifetime',
  },
  files: {
    hint: 'Raise the limit of open files (ulimit -n): renderers use 80 % of it from the first job on. They live for minLifetime meanwhile.',
    text: 'the limit of open files is lower than what a renderer needs; none is recycled for it before minLifetime',
  },
};

/** What ends a pause of claims, by its reason. */
const PAUSED: Readonly<Record<string, string>> = {
  no_space: 'Free disk space, or lower diskFloor; claims go on by themselves.',
  storage:
    'Make jobs/ in the data folder writable, or mount its disk, which jobs/.storyfarm marks; claims go on by themselves.',
  bucket: 'Run `storyfarm doctor`: it tells what the bucket says; claims go on by themselves.',
  request: '`storyfarm resume` ends it.',
};

const LEFT_OUT =
  'Jobs whose results were left out are rendered again. Look at the disk of the data folder, then delete the file.';

const LOOK_AT_DISK = 'It is made again. If that comes again, look at the disk of the data folder.';

/** Which path a job took and, where it was the expensive one, why. */
function toldOf(paths: Paths) {
  const why = reasonsOf(paths);
  return { path: pathOf(paths), ...(why.length > 0 && { why }) };
}

const MISSING =
  'Their addresses answer 404. `storyfarm jobs rerender ID...` has them made anew, if their words are not erased; --server NAME all of a server.';
/** Ids in a line of the log. */
const TOLD = 20;

const named = ({ template, cast }: Edition) => ({ template: template.id, cast: Object.values(cast).join(' + ') });

/** Every condition is always shown, so that a graph falls to zero instead of ending. */
const CONDITIONS = ['empty', 'booting', 'idle', 'busy', 'resting', 'leaving'] as const;

export function observeWith(log: Log, metrics: Metrics): FarmObserver {
  /** Quarters of the present preparation that the log has told. */
  let quarters = 0;
  return {
    started: (slot, pid) => log.debug({ slot, renderer: pid }, 'renderer started'),
    booted: (slot, pid, ms) => {
      metrics.bootDuration.observe(ms / 1000);
      log.info({ slot, renderer: pid, ms: Math.round(ms) }, slot < 0 ? 'standby ready' : 'renderer ready');
    },
    seated: (slot, pid) => log.info({ slot, renderer: pid }, 'standby seated'),
    recycled: (slot, pid, reason, standby) => {
      metrics.recycles.inc({ reason });
      log.info({ slot, renderer: pid, reason, standby }, 'renderer recycled');
    },
    spared: (slot, pid, reason) => log.warn({ slot, renderer: pid, hint: SPARED[reason].hint }, SPARED[reason].text),
    died: (slot, pid, cause) => {
      metrics.restarts.inc({ cause: cause.code });
      log.warn({ slot, renderer: pid, code: cause.code, hint: cause.hint }, cause.message);
    },
    left: (slot, pid) => log.debug({ slot, renderer: pid }, 'renderer gone'),
    line: (slot, text) => log.warn({ slot, line: text.slice(0, 500) }, 'renderer said'),
    assigned: (job, slot) => log.debug({ job, slot }, 'job assigned'),
    rendered: (job, result) => {
      metrics.jobsFinished.inc({ outcome: 'rendered' });
      for (const [stage, ms] of Object.entries(result.stages)) metrics.stageDuration.observe({ stage }, ms / 1000);
      for (const { path } of Object.values(result.paths ?? {})) metrics.renditions.inc({ path });
      if (Object.values(result.paths ?? {}).some(({ reason }) => reason === DAMAGED))
        log.warn({ ...named(job.request), hint: LOOK_AT_DISK }, 'a damaged edition was deleted with its films');
      log.info({ job, stages: result.stages, ...(result.paths && toldOf(result.paths)) }, 'job rendered');
    },
    failed: (job, failure, retryInMs) => {
      metrics.attemptsFailed.inc({ code: failure.code });
      if (retryInMs === null) metrics.jobsFinished.inc({ outcome: 'dead' });
      log.warn(
        { job, code: failure.code, retryInMs },
        retryInMs === null ? 'job dead' : 'job failed, will be tried again',
      );
    },
    released: (job) => log.info({ job }, 'job given back'),
    leaseLost: (job) => {
      metrics.leasesLost.inc();
      log.warn({ job }, 'lease lost');
    },
    fenced: ({ id, fence }) => {
      metrics.outcomesFenced.inc();
      log.warn({ job: { id, fence } }, 'outcome refused by its fence; files deleted');
    },
    journalled: (job) => {
      metrics.outcomesJournalled.inc();
      log.warn({ job }, 'the store has not taken the outcome yet; it is kept in the journal');
    },
    journalDamaged: ({ lines, bytes, kept, aside, error }) =>
      log.warn(
        { lines, bytes, kept, file: aside ?? null, ...(error !== undefined && { err: error }), hint: LEFT_OUT },
        'the journal of outcomes was damaged; what is not whole was left out',
      ),
    swept: (what, name) => {
      metrics.swept.inc({ what });
      log.info({ what, name }, 'swept');
    },
    missed: (ids) => {
      metrics.filesMissing.set(ids.length);
      if (ids.length > 0)
        log.warn({ jobs: ids.length, first: ids.slice(0, TOLD), hint: MISSING }, 'files of finished jobs are gone');
    },
    preparing: (edition) => {
      quarters = 0;
      metrics.preparationProgress.set(0);
      log.info({ ...named(edition) }, 'preparing an edition');
    },
    preparationProgress: (edition, fraction) => {
      metrics.preparationProgress.set(fraction);
      const reached = Math.floor(fraction * 4);
      if (reached <= quarters || reached === 4) return;
      quarters = reached;
      log.info({ ...named(edition), percent: reached * 25 }, 'edition under way');
    },
    prepared: (edition, ms) => {
      metrics.preparationProgress.remove();
      metrics.preparations.inc({ outcome: 'prepared' });
      log.info({ ...named(edition), ms: Math.round(ms) }, 'edition prepared');
    },
    preparationStopped: (edition) => {
      metrics.preparationProgress.remove();
      log.info({ ...named(edition) }, 'preparation stopped');
    },
    notPrepared: (edition, { code, message, hint }, isGivenUp) => {
      metrics.preparationProgress.remove();
      metrics.preparations.inc({ outcome: isGivenUp ? 'given_up' : 'failed' });
      const what = isGivenUp
        ? 'edition not prepared; its jobs are encoded'
        : 'edition not prepared, will be tried again';
      log.warn({ ...named(edition), code, hint, detail: message }, what);
    },
    trouble: (what, error) => log.error({ err: error }, `trouble with ${what}`),
    paused: (reason, on, why) => {
      metrics.claimsPaused.set({ reason }, on ? 1 : 0);
      if (on)
        log.warn(
          { reason, hint: PAUSED[reason], ...(why && { detail: why.message, hint: why.hint }) },
          'claims paused',
        );
      else log.warn({ reason }, 'claims go on');
    },
    state: (slots, queue) => {
      const conditions = slots.map((slot) => slot.renderer?.phase ?? 'empty');
      for (const condition of CONDITIONS)
        metrics.slots.set({ condition }, conditions.filter((c) => c === condition).length);
      // A seat that was closed is shown no more.
      const { slotMemory, slotBase, slotLeak, slotJobs, slotFiles } = metrics;
      for (const gauge of [slotMemory, slotBase, slotLeak, slotJobs, slotFiles]) gauge.reset();
      for (const slot of slots) {
        const name = { slot: `${slot.number}` };
        metrics.slotMemory.set(name, slot.renderer?.memory ?? 0);
        metrics.slotBase.set(name, slot.renderer?.baseMemory ?? 0);
        metrics.slotLeak.set(name, slot.renderer?.leak ?? 0);
        metrics.slotJobs.set(name, slot.renderer?.jobs ?? 0);
        metrics.slotFiles.set(name, slot.renderer?.openFiles ?? 0);
      }
      if (queue) showQueue(metrics, queue);
    },
    capacity: ({ slots, lost }, { standbys, concurrency }) => {
      metrics.slotSeconds.inc(slots / 1000);
      for (const reason of LOSSES) metrics.slotSecondsLost.inc({ reason }, lost[reason] / 1000);
      metrics.standbys.set(standbys);
      metrics.concurrency.set(concurrency);
    },
  };
}
