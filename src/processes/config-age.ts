import type { Log } from '../telemetry/logger.ts';

export interface ConfigAgeOptions {
  /** How old what is served may be, in milliseconds. */
  readonly age: () => number;
  /** Past this age everything is denied (ms); null: never. */
  readonly most: number | null;
  readonly onChange: (isOutdated: boolean) => void;
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const LOOK_MS = 1_000;

/**
 * Watches how old what is served is, and tells when it becomes too old, and when it is not any more. Without a bound nothing is
 * ever told: then an API server that is away takes away nobody's access (STATIC).
 */
export function watchConfigAge({ age, most, onChange, log, signal }: ConfigAgeOptions): void {
  if (most === null || signal.aborted) return;
  let isOutdated = false;
  const timer = setInterval(() => {
    const isOld = age() > most;
    if (isOld === isOutdated) return;
    isOutdated = isOld;
    if (isOld) log.error({ ageMs: Math.round(age()) }, 'What is served is too old: everything is denied');
    else log.info({}, 'What is served is of now again: access is as the objects say');
    onChange(isOld);
  }, LOOK_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
