import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readDevOptions, readMapping } from '../../src/cli/dev-options.ts';
import { UsageError } from '../../src/cli/options.ts';

async function read(argv: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const options = await readDevOptions(argv, environment);
  if (options === 'help') throw new Error('no help was asked for');
  return options;
}

describe('a mapping of entragate dev', () => {
  const mappings = {
    'apps/ledger:http=127.0.0.1:9001': ['apps', 'ledger', 'http', '127.0.0.1', 9001],
    'apps/ledger:80=localhost:1': ['apps', 'ledger', '80', 'localhost', 1],
    'a-b/c-d:e-f=[::1]:65535': ['a-b', 'c-d', 'e-f', '::1', 65_535],
    'apps/ledger:http=app.example.test:80': ['apps', 'ledger', 'http', 'app.example.test', 80],
  };
  for (const [text, expected] of Object.entries(mappings)) {
    it(`is ${text}`, () => {
      const { namespace, service, port, target } = readMapping(text);
      assert.deepEqual([namespace, service, port, target.host, target.port], expected);
    });
  }

  const refused = [
    '',
    'ledger:http=127.0.0.1:9001',
    'apps/ledger=127.0.0.1:9001',
    'apps/ledger:http=9001',
    'apps/ledger:http=127.0.0.1',
    'apps/ledger:http=127.0.0.1:0',
    'apps/ledger:http=127.0.0.1:65536',
    'apps/ledger:http=::1:9001',
    'apps/ledger:http=[::1]',
    'Apps/ledger:http=127.0.0.1:9001',
    'apps/ledger:http=http://127.0.0.1:9001',
    'apps/ledger:http=127.0.0.1:9001/path',
    'apps/a/ledger:http=127.0.0.1:9001',
  ];
  for (const text of refused) {
    it(`is never ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => readMapping(text),
        (error) => error instanceof UsageError && error.message.includes('such as apps/ledger:http=127.0.0.1:9001'),
      );
    });
  }
});

describe('options of entragate dev', () => {
  it('serve in this process, on loopback, with one sign-in host, where nobody says otherwise', async () => {
    const { authHost, config, folders, mappings } = await read(['manifests']);
    assert.deepEqual([folders, mappings], [['manifests'], []]);
    assert.deepEqual(
      [config.https, config.http.port, config.admin.port, config.workers, authHost, config.externalHttpsPort],
      [{ host: '127.0.0.1', port: 8443 }, 8080, 9090, 0, 'auth.localhost', 8443],
    );
  });

  it('take several folders and mappings', async () => {
    const maps = ['--map', 'apps/a:http=127.0.0.1:1', '--map', 'apps/b:http=127.0.0.1:2'];
    const { folders, mappings } = await read(['one', ...maps, 'two']);
    assert.deepEqual(
      [folders, mappings.map(({ service }) => service)],
      [
        ['one', 'two'],
        ['a', 'b'],
      ],
    );
  });

  it('choose a free https port for 0 before redirects name it', async () => {
    const { config } = await read(['manifests', '--https-port', '0']);
    assert.ok(config.https.port > 0);
    assert.equal(config.externalHttpsPort, config.https.port);
  });

  it('let browsers see another port, and each host sign in for itself', async () => {
    const { authHost, config } = await read(['manifests', '--external-https-port', '443', '--auth-host', 'None']);
    assert.deepEqual([config.externalHttpsPort, authHost, config.https.port], [443, null, 8443]);
  });

  it('fold the sign-in host to lower case, as hosts are matched', async () => {
    const { authHost } = await read(['manifests'], { ENTRAGATE_AUTH_HOST: 'Auth.LocalHost' });
    assert.equal(authHost, 'auth.localhost');
  });

  const refused: Readonly<Record<string, readonly string[]>> = {
    'needs a folder': [],
    '--log takes': ['manifests', '--log', 'xml'],
    '--log-level takes': ['manifests', '--log-level', 'loud'],
    '--workers takes': ['manifests', '--workers', '65'],
    '--authority-ca: /nowhere.crt cannot be read': ['manifests', '--authority-ca', '/nowhere.crt'],
    '--map takes': ['manifests', '--map', 'ledger=9001'],
    '--auth-host': ['manifests', '--auth-host', 'auth.localhost:8443'],
    'is a pattern, not one host': ['manifests', '--auth-host', '*.localhost'],
  };
  for (const [message, argv] of Object.entries(refused)) {
    it(`are refused: ${argv.join(' ') || 'none at all'}`, async () => {
      await assert.rejects(read(argv), (error) => error instanceof UsageError && error.message.includes(message));
    });
  }

  it('are help, whatever else is wrong', async () => {
    assert.equal(await readDevOptions(['--help', '--workers', '999'], {}), 'help');
  });
});
