import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describeOptions, type Option, readOptions, UsageError } from '../../src/cli/options.ts';

const table: readonly Option[] = [
  { name: 'https-port', value: 'PORT', fallback: '8443', help: 'a port' },
  { name: 'map', value: 'A=B', fallback: '', isRepeated: true, help: 'several' },
  { name: 'strict', value: null, fallback: 'false', help: 'a switch' },
];

const read = (argv: readonly string[], environment: NodeJS.ProcessEnv = {}) => readOptions(table, argv, environment);

describe('options', () => {
  it('have their fallback where nobody gives them', () => {
    const values = read([]);
    assert.deepEqual(
      [values.text('https-port'), values.list('map'), values.isOn('strict'), values.positionals],
      ['8443', [], false, []],
    );
  });

  it('come from the environment, and flags beat it', () => {
    const environment = { ENTRAGATE_HTTPS_PORT: '1', ENTRAGATE_MAP: 'a=1, b=2', ENTRAGATE_STRICT: 'true' };
    const inherited = read([], environment);
    assert.deepEqual(
      [inherited.number('https-port', 9), inherited.list('map'), inherited.isOn('strict')],
      [1, ['a=1', 'b=2'], true],
    );
    const flagged = read(['--https-port', '2', '--map', 'c=3,4', '--map=d=5'], environment);
    assert.deepEqual([flagged.number('https-port', 9), flagged.list('map')], [2, ['c=3,4', 'd=5']]);
  });

  it('do not mistake other variables for theirs', () => {
    assert.equal(read([], { HTTPS_PORT: '1', entragate_https_port: '1' }).text('https-port'), '8443');
  });

  it('an empty variable is no value', () => {
    assert.equal(read([], { ENTRAGATE_HTTPS_PORT: '' }).text('https-port'), '8443');
  });

  it('a switch in the environment is true or false, and nothing that might be meant for either', () => {
    assert.equal(read([], { ENTRAGATE_STRICT: 'false' }).isOn('strict'), false);
    for (const text of ['1', 'yes', 'TRUE', 'on']) {
      assert.throws(() => read([], { ENTRAGATE_STRICT: text }).isOn('strict'), {
        message: `ENTRAGATE_STRICT takes true or false, not ${JSON.stringify(text)}`,
      });
    }
  });

  it('leave what is no option to the command', () => {
    assert.deepEqual(read(['a', '--strict', 'b', '--', '--c']).positionals, ['a', 'b', '--c']);
  });

  const refused = [['--nothing'], ['--https-port'], ['--strict=yes'], ['-x'], ['--__proto__', 'x'], ['--constructor']];
  for (const argv of refused) {
    it(`are refused: ${argv.join(' ')}`, () => assert.throws(() => read(argv), UsageError));
  }

  for (const text of ['-1', '65536', '1e3', '0x10', '8443.0', 'http', ' ', '99999999999']) {
    it(`take no number ${JSON.stringify(text)}`, () => {
      const values = read([`--https-port=${text}`]);
      assert.throws(() => values.number('https-port', 65_535), {
        message: `--https-port takes a whole number from 0 to 65535, not ${JSON.stringify(text.trim())}`,
      });
    });
  }

  it('take the numbers at both ends', () => {
    assert.deepEqual(
      ['0', '65535'].map((text) => read(['--https-port', text]).number('https-port', 65_535)),
      [0, 65_535],
    );
  });

  it('are described from the same table, with their fallback', () => {
    assert.equal(
      describeOptions('entragate x [OPTIONS]', 'Does x.', table),
      `Usage: entragate x [OPTIONS]

Does x.

  --https-port PORT  a port (8443)
  --map A=B          several
  --strict           a switch

Each option can also come from the environment: ENTRAGATE_HTTPS_PORT for --https-port.
`,
    );
  });
});
