import { backendSchema, hostSchema, ingressPathSchema, objectNameSchema } from './builtin-schemas.ts';
import type { JsonSchema } from './json-schema.ts';
import type { Ingress } from './kubernetes.ts';
import { isRecord, normalize } from './normalize.ts';
import { schemaProblems } from './schema-problems.ts';
import { type Identity, validateObject } from './validate.ts';

/**
 * What is well formed of an Ingress that can not be read as a whole: its class, hosts and paths. Good for claims, never for access: without it the
 * hosts would be free and its paths left to a wider route of the host, as soon as a process starts that has never seen it well formed.
 *
 * @returns null where not even the class can be told
 */
export function ingressOutline(
  raw: Readonly<Record<string, unknown>>,
  identity: Extract<Identity, { is: 'known' }>,
): Ingress | null {
  const spec = isRecord(raw.spec) ? raw.spec : {};
  const { ingressClassName, defaultBackend, rules, tls } = spec;
  const outline = {
    ...raw,
    spec: {
      ingressClassName,
      ...(fits(defaultBackend, backendSchema) ? { defaultBackend } : {}),
      rules: records(rules).flatMap(ruleOutline),
      tls: records(tls).map(tlsOutline),
    },
  };
  const result = validateObject(outline, identity);
  return result.ok && result.value.kind === 'Ingress' ? result.value : null;
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
