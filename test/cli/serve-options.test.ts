import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UsageError } from '../../src/cli/options.ts';
import { readServeOptions, type ServeOptions } from '../../src/cli/serve-options.ts';

function read(...argv: readonly string[]): ServeOptions {
  const options = readServeOptions(argv, {});
  assert.ok(options !== 'help');
  return options;
}

describe('the options of entragate serve', () => {
  it('needs nothing in a pod: the ServiceAccount, all namespaces, ports behind a Service, workers by CPU', () => {
    const { access, config, namespaces, translation } = read();
    assert.deepEqual(access, { kind: 'in-cluster', root: '' });
    assert.deepEqual([config.https.port, config.http.port, config.admin.port], [8443, 8080, 9090]);
    assert.equal(config.externalHttpsPort, 443);
    assert.ok(config.workers >= 1);
    assert.equal(config.isDevelopment, false);
    assert.equal(namespaces, null);
    assert.deepEqual(translation.allowedAuthorities, []);
  });

  it('reads every option from the environment as well', () => {
    const environment = {
      ENTRAGATE_AUTH_HOST: 'Auth.example.com',
      ENTRAGATE_NAMESPACES: 'apps,hr',
      ENTRAGATE_WORKERS: '3',
    };
    const options = readServeOptions([], environment);
    assert.ok(options !== 'help');
    assert.equal(options.translation.authHost, 'auth.example.com');
    assert.deepEqual(options.namespaces, ['apps', 'hr', 'entragate']);
    assert.equal(options.config.workers, 3);
  });

  it('finds a default certificate in the controller’s namespace, or in the one that is named', () => {
    const of = (name: string) =>
      read('--controller-namespace', 'edge', '--default-certificate', name).translation.defaultCertificate;
    assert.deepEqual(of('wild'), { namespace: 'edge', name: 'wild' });
    assert.deepEqual(of('certs/wild'), { namespace: 'certs', name: 'wild' });
  });

  it('runs in a namespace whose name is as long as Kubernetes allows: 63 characters', () => {
    const name = 'n'.repeat(63);
    assert.equal(read('--controller-namespace', name).translation.controllerNamespace, name);
    assert.throws(() => read('--controller-namespace', `${name}n`), UsageError);
    assert.throws(() => read('--release', name), UsageError);
  });

  for (const argv of [
    ['--allow-authority', 'http://login.example.com'],
    ['--allow-authority', 'https://login.example.com/path'],
    ['--host-ownership', 'declared'],
    ['--default-certificate', 'a/b/c'],
    ['--controller-namespace', 'Edge'],
    ['--release', '../x'],
    ['--publish-address', 'LB.example.com'],
    ['--denied-cidrs', '10.0.0.0/33'],
    ['--denied-cidrs', 'banana'],
    ['--publish-address', 'https://lb.example.com'],
    ['manifests'],
  ]) {
    it(`refuses ${argv.join(' ')}`, () => assert.throws(() => readServeOptions(argv, {}), UsageError));
  }
});
