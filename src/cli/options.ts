import { parseArgs } from 'node:util';

/** One option of a command. Every option can be given by flag or by environment (`ENTRAGATE_HTTPS_PORT` for `--https-port`); the flag wins, and an empty variable counts as none. */
export interface Option {
  readonly name: string;
  /** What stands in the help for the value, e.g. `PORT`; null for a switch. */
  readonly value: string | null;
  readonly fallback: string;
  readonly help: string;
  readonly isRepeated?: boolean;
}

/** A command line that was read. */
export interface OptionValues {
  readonly positionals: readonly string[];
  /** The value of an option with one value; its fallback where nobody gave one. */
  text(name: string): string;
  /** All values of a repeated option; from the environment they are separated by commas. */
  list(name: string): readonly string[];
  /** Throws {@link UsageError} for a variable that is neither `true` nor `false`. */
  isOn(name: string): boolean;
  /** A TCP port, 0 to 65535, or a count. Throws {@link UsageError}. */
  number(name: string, maximum: number): number;
}

/** The command line is wrong: exit code 2, and the message says how to put it right. */
export class UsageError extends Error {}

/**
 * Reads `argv` by a table of options.
 *
 * @throws UsageError for an unknown option or a missing value
 */
export function readOptions(
  table: readonly Option[],
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): OptionValues {
  const { values, positionals } = parse(table, argv);
  const given = (option: Option): readonly string[] => {
    const value = values[option.name];
    if (value !== undefined) return (Array.isArray(value) ? value : [value]).map(String);
    const fromEnvironment = environment[environmentName(option)];
    if (fromEnvironment !== undefined && fromEnvironment !== '')
      return option.isRepeated ? fromEnvironment.split(',') : [fromEnvironment];
    return option.fallback === '' ? [] : [option.fallback];
  };
  const of = (name: string): readonly string[] => {
    const option = table.find((candidate) => candidate.name === name);
    if (option === undefined) throw new Error(`option ${name} is not in the table`);
    return given(option).map((value) => value.trim());
  };
  return {
    positionals,
    text: (name) => of(name)[0] ?? '',
    list: (name) => of(name).filter((value) => value !== ''),
    isOn: (name) => readSwitch(name, of(name)[0] ?? ''),
    number: (name, maximum) => readNumber(name, of(name)[0] ?? '', maximum),
  };
}

/** The help of a command, from the same table. */
export function describeOptions(usage: string, about: string, table: readonly Option[]): string {
  const flags = table.map(({ name, value }) => `--${name}${value === null ? '' : ` ${value}`}`);
  const width = Math.max(...flags.map((flag) => flag.length)) + 2;
  const lines = table.map(({ help, fallback }, index) => {
    const shown = fallback === '' || fallback === 'false' ? '' : ` (${fallback})`;
    return `  ${(flags[index] ?? '').padEnd(width)}${help}${shown}`;
  });
  const example = table.find(({ value, name }) => value !== null && name.includes('-')) ?? table[0];
  const note = example === undefined ? '' : `: ${environmentName(example)} for --${example.name}`;
  return `Usage: ${usage}\n\n${about}\n\n${lines.join('\n')}\n\nEach option can also come from the environment${note}.\n`;
}

function environmentName({ name }: Pick<Option, 'name'>): string {
  return `ENTRAGATE_${name.toUpperCase().replaceAll('-', '_')}`;
}

function parse(table: readonly Option[], argv: readonly string[]) {
  const options = Object.fromEntries(
    table.map(({ name, value, isRepeated }) => [
      name,
      { type: value === null ? 'boolean' : 'string', multiple: isRepeated === true } as const,
    ]),
  );
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}

/** A flag is `true`; only a variable can hold anything else. */
function readSwitch(name: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new UsageError(`${environmentName({ name })} takes true or false, not ${JSON.stringify(text)}`);
}

function readNumber(name: string, text: string, maximum: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= maximum) return value;
  throw new UsageError(`--${name} takes a whole number from 0 to ${maximum}, not ${JSON.stringify(text)}`);
}
