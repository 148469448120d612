import type { Writable } from 'node:stream';
import { pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { openStandardOutput, type StandardOutput } from './standard-output.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the rest of the program sees of a log. Fields never hold a token, cookie, code or query string. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log whose every line carries `fields` too. Lines of {@link Log.writeLine} do not. */
  child(fields: object): Log;
  /**
   * Writes one finished line of pino's JSON, without the line break: for the access line, which is built once per
   * request and should not cost a serialiser.
   */
  writeLine(line: string): void;
  /** Resolves when everything is written, after a second at most. Await it before the process ends. */
  drain(): Promise<void>;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** `pretty` is for people at a terminal. */
  readonly format: 'json' | 'pretty';
  /** Where lines go; null: standard output, buffered for at most 100 ms. */
  readonly destination: Writable | null;
}

interface Sink {
  readonly stream: { write(line: string): unknown };
  drain(): Promise<void>;
}

/**
 * Makes the log of this process.
 *
 * @example createLogger({ level: 'info', format: process.stdout.isTTY ? 'pretty' : 'json', destination: null })
 */
export function createLogger(options: LogOptions): Log {
  const sink = openSink(options);
  const logger = pino({ level: options.level, base: null }, sink.stream);
  return wrap(logger, logger.isLevelEnabled('info') ? sink : { stream: { write: () => true }, drain: sink.drain });
}

/** A log that drops everything. */
export function createSilentLog(): Log {
  return wrap(pino({ level: 'silent' }), { stream: { write: () => true }, drain: async () => {} });
}

function wrap(logger: pino.Logger, lines: Sink): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields), lines),
    writeLine: (line) => {
      lines.stream.write(`${line}\n`);
    },
    drain: () => lines.drain(),
  };
}

function openSink(options: LogOptions): Sink {
  if (options.format === 'pretty') {
    const destination = options.destination ?? 1;
    const stream = PinoPretty({ destination, sync: options.destination === null, ignore: 'pid,hostname' });
    return { stream, drain: async () => {} };
  }
  const { destination } = options;
  if (destination !== null) return { stream: destination, drain: async () => {} };
  const output = standardOutput();
  return { stream: output, drain: output.drain };
}

let opened: StandardOutput | null = null;

/** A process has one, however many logs write to it: their lines keep their order, and what is left goes out when it ends. */
function standardOutput(): StandardOutput {
  if (opened === null) {
    opened = openStandardOutput(1);
    process.on('exit', opened.flush);
  }
  return opened;
}
