/**
 * What a header field is to this proxy.
 *
 * - `pass`: end to end, forwarded as received
 * - `drop`: hop-by-hop, identity or forwarding: a client's word that no upstream may take for ours
 * - `bad-name`: a character that CGI-style servers fold into `-`; `alias`: so folded, it is one of ours
 * - anything else: read by us, and forwarded or not as `read-fields.ts` says
 */
export type FieldRole =
  | 'pass'
  | 'drop'
  | 'bad-name'
  | 'alias'
  | 'host'
  | 'connection'
  | 'content-length'
  | 'transfer-encoding'
  | 'upgrade'
  | 'expect'
  | 'cookie'
  | 'accept'
  | 'content-type'
  | 'origin'
  | 'x-requested-with'
  | 'sec-fetch-mode'
  | 'sec-fetch-dest'
  | 'sec-fetch-site'
  | 'sec-purpose'
  | 'access-control-request-method'
  | 'method-override'
  | 'forwarded'
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-request-id'
  | 'x-entragate-hop';

/** Fields of one spelling. Hop-by-hop: RFC 9110 §7.6.1 and RFC 7540 §3.2.1; `Client-Cert`: RFC 9440 §4 wants it sanitised; `Proxy`: httpoxy (CVE-2016-5385). */
const roles: ReadonlyMap<string, FieldRole> = new Map([
  ...readByUs(),
  ...dropped([
    'keep-alive',
    'te',
    'trailer',
    'http2-settings',
    'proxy',
    'x-real-ip',
    'x-client-ip',
    'x-cluster-client-ip',
    'x-original-url',
    'x-original-uri',
    'x-original-host',
    'x-rewrite-url',
    'true-client-ip',
    'client-cert',
    'client-cert-chain',
  ]),
  ['x-http-method', 'method-override'],
  ['x-http-method-override', 'method-override'],
  ['x-method-override', 'method-override'],
]);

function readByUs(): readonly (readonly [string, FieldRole])[] {
  const names = [
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'upgrade',
    'expect',
    'cookie',
    'accept',
    'content-type',
    'origin',
    'x-requested-with',
    'sec-fetch-mode',
    'sec-fetch-dest',
    'sec-fetch-site',
    'sec-purpose',
    'access-control-request-method',
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-request-id',
    'x-entragate-hop',
  ] as const;
  return names.map((name) => [name, name]);
}

function dropped(names: readonly string[]): readonly (readonly [string, FieldRole])[] {
  return names.map((name) => [name, 'drop']);
}

/**
 * Families: what begins so is dropped. `X-Entragate…` is ours. The others are how gateways name who the user is: an app that
 * comes from one of them may still believe what they say.
 */
const droppedPrefixes = [
  'x-entragate',
  'x-forwarded', // also of oauth2-proxy and Traefik: -User, -Email, -Groups; of Envoy: -Client-Cert
  'proxy-',
  'remote-', // Authelia, and whatever takes over from a web server's own authentication
  'x-remote-', // Kubernetes' front proxy, dex
  'x-auth-request-', // oauth2-proxy
  'x-authentik-',
  'x-authenticated-', // Kong
  'x-consumer-', // Kong
  'x-pomerium-',
  'x-vouch-',
  'x-webauth-', // Grafana's auth proxy, Caddy
  'tailscale-user-',
  'cf-access-', // Cloudflare Access
  'x-goog-authenticated-', // Google Identity-Aware Proxy
  'x-goog-iap-',
  'x-amzn-oidc-', // AWS Application Load Balancer
  'x-amzn-mtls-',
  'x-ms-client-principal', // Azure App Service, Container Apps, Static Web Apps
  'x-ms-token-',
  'x-arr-clientcert',
  'ssl-client-', // client certificates, as ingress-nginx, …
  'x-ssl-client-', // … HAProxy's examples, …
  'x-client-cert', // … and Kong pass them on
] as const;

const OURS = 'x-entragate';

/** The usual spellings of what browsers and common clients send, so that the hot path is one look-up. */
const knownSpellings: ReadonlyMap<string, FieldRole> = new Map(
  [
    ...roles.keys(),
    'accept-encoding',
    'accept-language',
    'authorization',
    'cache-control',
    'dnt',
    'if-match',
    'if-modified-since',
    'if-none-match',
    'pragma',
    'priority',
    'range',
    'referer',
    'sec-ch-ua',
    'sec-ch-ua-mobile',
    'sec-ch-ua-platform',
    'sec-fetch-user',
    'sec-gpc',
    'sec-websocket-extensions',
    'sec-websocket-key',
    'sec-websocket-protocol',
    'sec-websocket-version',
    'traceparent',
    'tracestate',
    'upgrade-insecure-requests',
    'user-agent',
  ].flatMap((name) => [spelling(name), spelling(titleCase(name))]),
);

function spelling(name: string): readonly [string, FieldRole] {
  return [name, classifyFieldName(name)];
}

function titleCase(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** The role of a header field, by its name as received. */
export function fieldRole(name: string): FieldRole {
  return knownSpellings.get(name) ?? classifyFieldName(name);
}

function classifyFieldName(name: string): FieldRole {
  if (!isPlainName(name)) return foldedName(name).startsWith(OURS) ? 'alias' : 'bad-name';
  const lowerCase = name.toLowerCase();
  const role = roles.get(lowerCase);
  if (role !== undefined) return role;
  return droppedPrefixes.some((prefix) => lowerCase.startsWith(prefix)) ? 'drop' : 'pass';
}

/** Letters, digits and `-`: what every server reads the same way. */
function isPlainName(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    const lower = code | 0x20;
    if (!((lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d)) return false;
  }
  return name.length > 0;
}

/** As a CGI-style server would see the name (RFC 3875 §4.1.18): every other character is one dash. */
function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}
