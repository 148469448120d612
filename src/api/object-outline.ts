import { backendSchema, hostSchema, ingressPathSchema, objectNameSchema } from './builtin-schemas.ts';
import type { KubernetesObject } from './cluster-state.ts';
import type { JsonSchema } from './json-schema.ts';
import { isRecord, normalize } from './normalize.ts';
import { schemaProblems } from './schema-problems.ts';
import { type Identity, validateObject } from './validate.ts';

type KnownIdentity = Extract<Identity, { is: 'known' }>;

/**
 * What may be believed of an object that can not be read and never could, where leaving it out would open something. Good for what it takes away, never
 * for access.
 *
 * Of an Ingress: its class, and those of its hosts and paths that are well formed. Without it the hosts would be free and its paths left to a wider
 * route of the host, as soon as a process starts that has never seen it well formed. Of a Revocation: what this release knows of it.
 *
 * @returns null where there is nothing of the kind
 */
export function outlineOf(raw: Readonly<Record<string, unknown>>, identity: KnownIdentity): KubernetesObject | null {
  switch (identity.info.kind) {
    case 'Ingress':
      return wellFormed(ingressOutline(raw), identity);
    case 'Revocation':
      return wellFormed(normalize(raw, identity.info.schema).value, identity);
    case 'IngressClass':
    case 'Service':
    case 'EndpointSlice':
    case 'Secret':
    case 'Namespace':
    case 'Policy':
    case 'ClusterPolicy':
    case 'IdentityProvider':
      return null;
    default:
      return identity.info.kind satisfies never;
  }
}

function wellFormed(outline: unknown, identity: KnownIdentity): KubernetesObject | null {
  const result = validateObject(outline, identity);
  return result.ok ? result.value : null;
}

/** Its class is kept as it is: an Ingress whose class can not be told is not one without a class. */
function ingressOutline(raw: Readonly<Record<string, unknown>>): object {
  const spec = isRecord(raw.spec) ? raw.spec : {};
  const { ingressClassName, defaultBackend, rules, tls } = spec;
  return {
    ...raw,
    spec: {
      ingressClassName,
      ...(fits(defaultBackend, backendSchema) ? { defaultBackend } : {}),
      rules: records(rules).flatMap(ruleOutline),
      tls: records(tls).map(tlsOutline),
    },
  };
}

/** A rule whose host is malformed is about no host. */
function ruleOutline({ host, http }: Readonly<Record<string, unknown>>): readonly object[] {
  if (!isAbsent(host) && !fits(host, hostSchema)) return [];
  if (!isRecord(http)) return [{ host }];
  return [{ host, http: { paths: records(http.paths).filter((path) => fits(path, ingressPathSchema)) } }];
}

function tlsOutline({ hosts, secretName }: Readonly<Record<string, unknown>>): object {
  const named = Array.isArray(hosts) ? hosts : [];
  return {
    hosts: named.filter((host: unknown) => fits(host, hostSchema)),
    ...(fits(secretName, objectNameSchema) ? { secretName } : {}),
  };
}

function fits(value: unknown, schema: JsonSchema): boolean {
  return !isAbsent(value) && schemaProblems(normalize(value, schema).value, schema, false).length === 0;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
