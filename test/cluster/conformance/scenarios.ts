/** What the suite wants of one request. */
export type Outcome =
  | {
      readonly kind: 'served';
      readonly service: string;
      /** Path that the app sees. */
      readonly path: string;
      /** Host that the app sees. */
      readonly host: string;
    }
  | { readonly kind: 'not-found' };

/** One request, redirects followed. */
export interface Example {
  readonly method: string;
  readonly url: string;
  readonly outcome: Outcome;
}

export type FeatureName = 'Default backend' | 'Host rules' | 'Path rules' | 'Ingress class' | 'Load Balancing';

/** A scenario of a feature file, in its words. */
export interface Scenario {
  readonly feature: FeatureName;
  readonly title: string;
  readonly check:
    | { readonly kind: 'examples'; readonly examples: readonly Example[] }
    /** The status of the Ingress never shows an address. */
    | { readonly kind: 'no-address' }
    | { readonly kind: 'balanced'; readonly url: string; readonly requests: number; readonly pods: number };
}

/** Where the controller is exposed, as the status of Ingresses shows it. */
export const EXPOSED_AT = 'ingress.example.net';

const served = (service: string, url: string): Outcome => {
  const { hostname, pathname } = new URL(url);
  return { kind: 'served', service, path: pathname, host: hostname };
};

const get = (url: string, service: string | null): Scenario['check'] => {
  const outcome: Outcome = service === null ? { kind: 'not-found' } : served(service, url);
  return { kind: 'examples', examples: [{ method: 'GET', url, outcome }] };
};

const scenario = (feature: FeatureName, title: string, check: Scenario['check']): Scenario => ({
  feature,
  title,
  check,
});

const pathRule = (title: string, url: string, service: string | null) =>
  scenario('Path rules', title, get(`http://${url}`, service));

const hostRule = (title: string, url: string, service: string | null) =>
  scenario('Host rules', title, get(url, service));

const defaultBackendExamples: readonly Example[] = [
  ['GET', 'my-host', ''],
  ['GET', 'my-host', 'sub-path'],
  ['POST', 'some-host', ''],
  ['PUT', EXPOSED_AT, 'resource'],
  ['PUT', '203.0.113.7', 'resource'],
  ['DELETE', 'some-host', 'resource'],
  ['PATCH', 'my-host', 'resource'],
].map(([method = '', host = '', path = '']) => {
  const url = `http://${host}/${path}`;
  return { method, url, outcome: served('echo-service', url) };
});

const tls = 'An Ingress with a host rule should send TLS traffic to the matching backend service';
const wildcard = 'An Ingress with a wildcard host rule';
const exact = 'An Ingress with exact path rules';
const prefix = 'An Ingress with prefix path rules';
const longest = `${prefix} should match multiple labels, match the longest path, and`;
const slashedPrefix =
  'An Ingress with a trailing slashes in a prefix path rule should ignore the trailing slash and send traffic to the matching backend service';
const toMatching = 'send traffic to the matching backend service';
const ignoresSlash = `${prefix} should ignore the request trailing slash and ${toMatching} (prefix /foo matches request /foo/)`;

/** Every scenario of kubernetes-sigs/ingress-controller-conformance, in the order of its files. */
export const scenarios: readonly Scenario[] = [
  scenario('Default backend', 'An Ingress with no rules should send all requests to the default backend', {
    kind: 'examples',
    examples: defaultBackendExamples,
  }),
  hostRule(`${tls} (host foo.bar.com matches request foo.bar.com)`, 'https://foo.bar.com', 'foo-bar-com'),
  hostRule(
    `An Ingress with a host rule should ${toMatching} (host foo.bar.com matches request foo.bar.com)`,
    'http://foo.bar.com',
    'foo-bar-com',
  ),
  hostRule(
    'An Ingress with a host rule should not route traffic when hostname does not match (host foo.bar.com does not match request subdomain.bar.com)',
    'http://subdomain.bar.com',
    null,
  ),
  hostRule(
    `${wildcard} should ${toMatching} (Matches based on shared suffix)`,
    'http://bar.foo.com',
    'wildcard-foo-com',
  ),
  hostRule(
    `${wildcard} should not route traffic matching on more than a single dns label (No match, wildcard only covers a single DNS label)`,
    'http://baz.bar.foo.com',
    null,
  ),
  hostRule(
    `${wildcard} should not route traffic matching no dns label (No match, wildcard only covers a single DNS label)`,
    'http://foo.com',
    null,
  ),
  scenario(
    'Ingress class',
    'An Ingress with an invalid ingress class should not send traffic to the matching backend service',
    { kind: 'no-address' },
  ),
  scenario('Load Balancing', 'An Ingress with no rules should send all requests to the default backend and', {
    kind: 'balanced',
    url: 'http://load-balancing',
    requests: 100,
    pods: 10,
  }),
  pathRule(`${exact} should ${toMatching} (exact /foo matches request /foo)`, 'exact-path-rules/foo', 'foo-exact'),
  pathRule(
    `${exact} should not match requests with trailing slash (exact /foo does not match request /foo/)`,
    'exact-path-rules/foo/',
    null,
  ),
  pathRule(`${exact} should be case sensitive (exact /foo does not match request /FOO)`, 'exact-path-rules/FOO', null),
  pathRule(
    `${exact} should not match any other label (exact /foo does not match request /bar)`,
    'exact-path-rules/bar',
    null,
  ),
  pathRule(`${prefix} should ${toMatching} (prefix /foo matches request /foo)`, 'prefix-path-rules/foo', 'foo-prefix'),
  pathRule(ignoresSlash, 'prefix-path-rules/foo/', 'foo-prefix'),
  pathRule(
    `${prefix} should be case sensitive (prefix /foo does not match request /FOO)`,
    'prefix-path-rules/FOO',
    null,
  ),
  pathRule(
    `${longest} ${toMatching} (prefix /aaa/bbb matches request /aaa/bbb)`,
    'prefix-path-rules/aaa/bbb',
    'aaa-slash-bbb-prefix',
  ),
  pathRule(
    `${longest} subpaths and ${toMatching} (prefix /aaa/bbb matches request /aaa/bbb/ccc)`,
    'prefix-path-rules/aaa/bbb/ccc',
    'aaa-slash-bbb-prefix',
  ),
  pathRule(
    `${prefix} should and ${toMatching} (prefix /aaa matches request /aaa/ccc)`,
    'prefix-path-rules/aaa/ccc',
    'aaa-prefix',
  ),
  pathRule(
    `${prefix} should match each labels string prefix (prefix /aaa does not match request /aaaccc)`,
    'prefix-path-rules/aaaccc',
    null,
  ),
  pathRule(ignoresSlash, 'prefix-path-rules/foo/', 'foo-prefix'), // their file has it twice
  pathRule(
    `An Ingress with mixed path rules should ${toMatching} where Exact is preferred (exact /foo matches request /foo)`,
    'mixed-path-rules/foo',
    'foo-exact',
  ),
  pathRule(
    `${slashedPrefix} (prefix /aaa/bbb/ matches request /aaa/bbb)`,
    'trailing-slash-path-rules/aaa/bbb',
    'aaa-slash-bbb-slash-prefix',
  ),
  pathRule(
    `${slashedPrefix} (prefix /aaa/bbb/ matches request /aaa/bbb/)`,
    'trailing-slash-path-rules/aaa/bbb/',
    'aaa-slash-bbb-slash-prefix',
  ),
  pathRule(
    'An Ingress with a trailing slashes in an exact path rule should not match requests without a trailing slash (exact /foo/ does not match request /foo)',
    'trailing-slash-path-rules/foo',
    null,
  ),
];
