import type { Kind } from '../../../src/api/cluster-state.ts';
import { kindInfo, kinds } from '../../../src/api/kinds.ts';
import { collectionPath } from '../../../src/kube/api-server/watched-kinds.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import { namesOf, tenantKinds } from './attempts.ts';
import { fieldsOf, withField } from './fields.ts';
import { evil, foreignValues, release, treasury, vault } from './foreign.ts';
import { type Outcome, readOutcome } from './writes.ts';

/** A request of the attacker that its Role has to refuse. */
export interface ForbiddenRequest {
  readonly title: string;
  /** What it would write; null: it reads, or deletes. */
  readonly field: string | null;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

/** Makes the request as the attacker. */
export async function askForbidden(attacker: ApiRequests, request: ForbiddenRequest): Promise<Outcome> {
  return readOutcome(await attacker.send(request.method, request.path, request.body));
}

/** Every field of the kinds that are not a tenant's, with a value about each kind of thing; and what is a tenant's, elsewhere. */
export function forbiddenRequests(): readonly ForbiddenRequest[] {
  return [...clusterScopedWrites(), ...statusWrites(), ...elsewhere()];
}

const oneOfEach = foreignValues.filter(
  ([target], index, all) => all.findIndex(([other]) => other === target) === index,
);

function clusterScopedWrites(): readonly ForbiddenRequest[] {
  return kinds
    .filter(({ isNamespaced }) => !isNamespaced)
    .flatMap(({ kind, apiVersion }) =>
      fieldsOf(kind).flatMap(({ info, path, text }) =>
        oneOfEach.map(([, value]) => ({
          title: `${text} = ${JSON.stringify(value)}`,
          field: text,
          method: 'POST' as const,
          path: collectionPath(info, null),
          body: withField({ apiVersion, kind, metadata: { name: 'attack' } }, path, value),
        })),
      ),
    );
}

/** What controllers say is not for tenants to write, not even on their own objects. */
function statusWrites(): readonly ForbiddenRequest[] {
  const [namespace] = evil.namespaces;
  const { name } = namesOf(0);
  return tenantKinds.flatMap((kind) =>
    fieldsOf(kind)
      .filter(({ path }) => path[0] === 'status')
      .map(({ info, path, text }) => ({
        title: text,
        field: text,
        method: 'PUT' as const,
        path: `${collectionPath(info, namespace)}/${name}/status`,
        body: withField({ apiVersion: info.apiVersion, kind, metadata: { namespace, name } }, path, '203.0.113.7'),
      })),
  );
}

const foreignNames: Readonly<Partial<Record<Kind, string>>> = {
  Ingress: treasury.ingress,
  Service: treasury.service,
  EndpointSlice: `${treasury.service}-1`,
  Secret: treasury.secret,
  Policy: treasury.policy,
};

/** Kinds that a tenant may write, in the namespaces of others; and everything of them at once. */
function elsewhere(): readonly ForbiddenRequest[] {
  const foreign = [treasury.namespace, vault.namespace, release.namespace];
  return tenantKinds.flatMap((kind) => {
    const info = kindInfo(kind);
    const name = foreignNames[kind] ?? '';
    const request = (method: ForbiddenRequest['method'], path: string, body?: object): ForbiddenRequest => ({
      title: `${method} ${path}`,
      field: null,
      method,
      path,
      ...(body === undefined ? {} : { body }),
    });
    const inNamespaces = foreign.flatMap((namespace) => {
      const collection = collectionPath(info, namespace);
      const object = { apiVersion: info.apiVersion, kind, metadata: { namespace, name } };
      return [
        ...[request('GET', collection), request('GET', `${collection}?watch=1`), request('POST', collection, object)],
        ...[request('GET', `${collection}/${name}`), request('PUT', `${collection}/${name}`, object)],
        ...[request('DELETE', `${collection}/${name}`), request('DELETE', collection)],
      ];
    });
    return [request('GET', collectionPath(info, null)), ...inNamespaces];
  });
}
