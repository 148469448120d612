import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import { policyObject, type TestObject } from '../kube/objects.ts';
import { publicRoute, type RoutedWorld, serviceOf } from '../traffic/routed-world.ts';
import { expectStatus, type LoadMember, type LoadTotals, startSteadyLoad } from '../traffic/steady-load.ts';

const { adele, alex } = CONTOSO.users;
const HTML = { Accept: 'text/html' };
/** Between two requests of one client (ms). */
const PAUSE_MS = 50;

/** The hosts under load: their namespaces, and the app behind each. */
const hosts = [
  { namespace: 'apps', name: 'books' },
  { namespace: 'hr', name: 'wages' },
  { namespace: 'apps', name: 'wiki' },
] as const;

/** Names of the apps that {@link loadObjects} expects. */
export const loadApps: readonly string[] = hosts.map(({ name }) => name);

/** What clients were told, and what reached the apps. */
export interface FaultTotals extends LoadTotals {
  /** Requests of members that an app saw. */
  readonly reached: number;
  /** Requests of anybody else that an app saw any byte of. */
  readonly leaked: readonly string[];
}

/** Clients of every kind at work. */
export interface FaultLoad {
  readonly stop: () => Promise<FaultTotals>;
}

/** Three hosts for Finance. */
export function loadObjects(world: Pick<RoutedWorld, 'apps'>): readonly TestObject[] {
  const annotations = { 'entragate.dev/policies': 'finance' };
  return [
    policyObject('apps', 'finance', CONTOSO.groups.finance),
    policyObject('hr', 'finance', CONTOSO.groups.finance),
    ...hosts.flatMap(({ namespace, name }) => [
      ...serviceOf(world, namespace, name, name),
      publicRoute(name, { namespace, annotations }),
    ]),
  ];
}

/**
 * Signs everybody in, once, and returns what starts the load: on each host two members of Finance, somebody outside Finance, somebody whose
 * session was ended, an anonymous browser and an anonymous program; and one client that asks for a host that nobody has.
 */
export async function prepareLoad(world: RoutedWorld): Promise<() => Promise<FaultLoad>> {
  const members = (await Promise.all(hosts.map(({ name }) => membersOf(world, name)))).flat();
  members.push(member('lost', 'nowhere', {}, expectStatus(404)));
  return async () => {
    const before = new Map(loadApps.map((name) => [name, world.apps.get(name).upstream.bytes().length]));
    const load = await startSteadyLoad(world.client(''), members, PAUSE_MS);
    return {
      stop: async () => {
        const totals = await load.stop();
        const seen = loadApps.map((name) => {
          return world.apps.get(name).upstream.bytes().subarray(before.get(name)).toString('latin1');
        });
        const matches = (pattern: RegExp) => seen.flatMap((text) => text.match(pattern) ?? []);
        const [reached, leaked] = [matches(/\/allowed-/g).length, matches(/\/(denied|ended|anonymous|lost)\S*/g)];
        return { ...totals, reached, leaked };
      },
    };
  };
}

async function membersOf(world: RoutedWorld, name: string): Promise<LoadMember[]> {
  const [finance, other, ended] = [
    await cookieOf(world, name, adele.username, 200),
    await cookieOf(world, name, alex.username, 403),
    await endedCookie(world, name),
  ];
  const allowed = expectStatus(200, name);
  return [
    member('allowed-1', name, { Cookie: finance }, allowed),
    member('allowed-2', name, { Cookie: finance, ...HTML }, allowed),
    member('denied', name, { Cookie: other }, expectStatus(403)),
    member('ended', name, { Cookie: ended }, expectStatus(401)),
    member('anonymous-browser', name, HTML, (answer) => {
      if (answer.status === 302 && answer.location.includes('/oauth2/start?')) return null;
      return `${answer.status} to ${answer.location} instead of a sign-in: ${answer.body}`;
    }),
    member('anonymous-program', name, {}, expectStatus(401)),
  ];
}

function member(
  kind: string,
  app: string,
  fields: Readonly<Record<string, string>>,
  judge: LoadMember['judge'],
): LoadMember {
  return { name: `${kind} at ${app}`, host: `${app}.example.com`, path: `/${kind}`, fields, judge };
}

async function cookieOf(world: RoutedWorld, name: string, username: string, status: number): Promise<string> {
  const client = world.release.client();
  const host = `${name}.example.com`;
  const page = await client.signIn(world.release.url(host), username);
  if (page.status !== status) throw new Error(`${username} gets ${page.status} at ${host}: ${page.body}`);
  return client.cookieHeader(host);
}

/** A copy of a session that its user has signed out of. */
async function endedCookie(world: RoutedWorld, name: string): Promise<string> {
  const client = world.release.client();
  const host = `${name}.example.com`;
  const url = world.release.url(host);
  await client.signIn(url, adele.username);
  const copy = client.cookieHeader(host);
  const answer = await client.request(`${url}.entragate/sign-out`, {
    method: 'POST',
    headers: { origin: new URL(url).origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'everywhere=1',
  });
  if (answer.status !== 303) throw new Error(`signing out is answered with ${answer.status}`);
  return copy;
}
