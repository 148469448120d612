import { didYouMean } from './did-you-mean.ts';
import { type FieldProblem, fieldProblem, type ReadResult } from './field-problem.ts';
import { formatHostPattern, type HostPattern, parseHostPattern } from './host-pattern.ts';
import type { Ingress, Namespace, ObjectMeta } from './kubernetes.ts';
import { quoted } from './quoted.ts';

/** Before the name of each annotation that is ours. */
export const ANNOTATION_PREFIX = 'entragate.dev/';

const foreignPrefix = /^([^/]*[.-])?(ingress|entragate)([.-][^/]*)?\//;

/**
 * The first annotation, by name, that is another controller's or has a prefix which is nearly ours. It is not read, and its author may think that
 * it is; null: there is none.
 */
export function foreignAnnotation(names: readonly string[]): string | null {
  const foreign = names.filter((name) => foreignPrefix.test(name) && !name.toLowerCase().startsWith(ANNOTATION_PREFIX));
  return foreign.toSorted()[0] ?? null;
}

/** Most policies that one Ingress may name: each is evaluated on every request. */
const MAX_POLICIES = 32;

/** Most annotations that are named as unknown: enough to work on, and a bound for a hostile object. */
const MOST_UNKNOWN = 20;

/** Most hosts that one Namespace may declare. */
const MAX_HOSTS = 1000;

/** A policy as an Ingress names it: `finance` of its own namespace, or `cluster/employees`. */
export interface PolicyReference {
  readonly scope: 'namespace' | 'cluster';
  readonly name: string;
}

/** Who may pass: those whom the policies allow, every member of the tenant, or everybody. */
export type AccessMode = 'policy' | 'authenticated' | 'public';

const accessModes: readonly AccessMode[] = ['policy', 'authenticated', 'public'];

/** What the annotations of an Ingress say, defaults filled in. */
export interface IngressAnnotations {
  /** In the order written, each once. Empty unless `access` is `policy`. */
  readonly policies: readonly PolicyReference[];
  readonly access: AccessMode;
  /** Name of the IdentityProvider; `null` when the annotation is absent. */
  readonly identityProvider: string | null;
}

/** What the annotations of a Namespace say. */
export interface NamespaceAnnotations {
  /** Declared hosts, each once; `null` when the annotation is absent, which is not the same as declaring none. */
  readonly hosts: readonly HostPattern[] | null;
  /** Kinds of access that Ingresses of the namespace may use; `null` when the annotation is absent: all. */
  readonly allowedAccess: readonly AccessMode[] | null;
}

/** One annotation, for people. */
export interface AnnotationDefinition {
  readonly name: string;
  readonly kind: 'Ingress' | 'Namespace';
  readonly syntax: string;
  readonly whenAbsent: string;
  readonly example: string;
  readonly description: string;
}

type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string };

interface Annotation<T> extends AnnotationDefinition {
  readonly parse: (text: string) => Parsed<T>;
}

const policies: Annotation<readonly PolicyReference[]> = {
  name: `${ANNOTATION_PREFIX}policies`,
  kind: 'Ingress',
  syntax: 'names, separated by commas; `cluster/NAME` for a ClusterPolicy',
  whenAbsent: 'no policy: every request is denied, unless `access` says otherwise',
  example: 'finance, cluster/employees',
  description: `Policies that decide who may pass: those of the Ingress's own namespace, and ClusterPolicies that allow this namespace. A request is allowed when any of them allows and none denies. At most ${MAX_POLICIES}.`,
  parse: parsePolicies,
};

const access: Annotation<AccessMode> = {
  name: `${ANNOTATION_PREFIX}access`,
  kind: 'Ingress',
  syntax: '`policy`, `authenticated` or `public`',
  whenAbsent: '`policy`',
  example: 'authenticated',
  description:
    '`policy`: those whom the policies allow. `authenticated`: every member of the tenant; guests only where the IdentityProvider says `guests: Allow`. `public`: everybody, without sign-in. The last two can not stand beside `policies`.',
  parse: parseAccess,
};

const identityProvider: Annotation<string> = {
  name: `${ANNOTATION_PREFIX}identity-provider`,
  kind: 'Ingress',
  syntax: 'name of an IdentityProvider',
  whenAbsent: 'what the policies name, or else the one that the operator names (`default`)',
  example: 'partners',
  description: 'Where users of these routes sign in. Policies that name another IdentityProvider deny.',
  parse: parseProviderName,
};

/** On a Namespace: the hosts that belong to it. */
export const HOSTS_ANNOTATION = `${ANNOTATION_PREFIX}hosts`;

const hosts: Annotation<readonly HostPattern[]> = {
  name: HOSTS_ANNOTATION,
  kind: 'Namespace',
  syntax: 'host names and `*.` patterns, separated by commas or white space',
  whenAbsent: 'the namespace declares nothing; its Ingresses get hosts that nobody declares, first come',
  example: 'ledger.example.com, *.apps.example.com',
  description: `Hosts that belong to this namespace, alone: no other namespace's Ingress gets them. \`*.example.com\` covers one label and also keeps \`a.example.com\` from others. At most ${MAX_HOSTS}.`,
  parse: parseHosts,
};

const allowedAccess: Annotation<readonly AccessMode[]> = {
  name: `${ANNOTATION_PREFIX}allowed-access`,
  kind: 'Namespace',
  syntax: '`policy`, `authenticated` and `public`, as many as are allowed, separated by commas',
  whenAbsent: 'every kind of access is allowed',
  example: 'policy, authenticated',
  description: `Kinds of access that the namespace's Ingresses may use in \`${access.name}\`; any other denies. A malformed list allows \`policy\` alone. Answers to ACME challenges are public in any case, on plain HTTP and at their own paths.`,
  parse: parseAllowedAccess,
};

/** The one table of annotations. Its reference page is generated from it. */
export const annotations: readonly AnnotationDefinition[] = [policies, access, identityProvider, hosts, allowedAccess];

/** Reads our annotations of an Ingress. One that is unknown or malformed is a problem: the Ingress is then denied. */
export function parseAnnotations(ingress: Ingress): ReadResult<IngressAnnotations> {
  const reader = new AnnotationReader(ingress.metadata, 'Ingress');
  const named = reader.read(policies);
  const mode = reader.read(access) ?? 'policy';
  const provider = reader.read(identityProvider);
  if (named !== null && mode !== 'policy') {
    const hint = `remove ${policies.name} to let ${mode === 'public' ? 'everybody' : 'every member of the tenant'} in, or remove ${access.name} to let the policies decide`;
    reader.report(access, `${mode} does not go together with ${policies.name}, which would then decide nothing`, hint);
  }
  return reader.finish({ policies: named ?? [], access: mode, identityProvider: provider });
}

/** Reads our annotations of a Namespace. */
export function parseNamespaceAnnotations(namespace: Namespace): ReadResult<NamespaceAnnotations> {
  const reader = new AnnotationReader(namespace.metadata, 'Namespace');
  return reader.finish({ hosts: reader.read(hosts), allowedAccess: reader.read(allowedAccess) });
}

/**
 * The kinds of access that a Namespace allows, whatever else is wrong with its annotations; `null`: all. What can not be read allows the
 * kind that needs a policy, and no other.
 */
export function readAllowedAccess({ metadata }: Namespace): readonly AccessMode[] | null {
  const text = metadata.annotations[allowedAccess.name];
  if (text === undefined) return null;
  const parsed = parseAllowedAccess(text);
  return parsed.ok ? parsed.value : ['policy'];
}

/** The entries of `entragate.dev/hosts` on a Namespace as they are written, whatever is wrong with them or with its other annotations. */
export function writtenHosts({ metadata }: Namespace): readonly string[] {
  return hostEntries(metadata.annotations[HOSTS_ANNOTATION] ?? '');
}

/** Reads annotations of one object one by one and collects what is wrong with them. */
class AnnotationReader {
  readonly #metadata: ObjectMeta;
  readonly #problems: FieldProblem[];

  constructor(metadata: ObjectMeta, kind: AnnotationDefinition['kind']) {
    this.#metadata = metadata;
    this.#problems = Object.keys(metadata.annotations)
      .filter((name) => name.toLowerCase().startsWith(ANNOTATION_PREFIX))
      .filter((name) => !annotations.some((known) => known.name === name && known.kind === kind))
      .slice(0, MOST_UNKNOWN)
      .map((name) => unknownAnnotation(name, kind));
  }

  /** The value of an annotation; `null` when it is absent or malformed. */
  read<T>(annotation: Annotation<T>): T | null {
    const text = this.#metadata.annotations[annotation.name];
    if (text === undefined) return null;
    const parsed = annotation.parse(text);
    if (parsed.ok) return parsed.value;
    this.report(annotation, parsed.message, parsed.hint);
    return null;
  }

  report(annotation: AnnotationDefinition, message: string, hint: string): void {
    this.#problems.push(fieldProblem(['metadata', 'annotations', annotation.name], message, hint));
  }

  finish<T>(value: T): ReadResult<T> {
    return this.#problems.length === 0 ? { ok: true, value } : { ok: false, problems: this.#problems };
  }
}

/** Kubernetes accepts keys in any case, so that `Entragate.dev/Access` would otherwise be overlooked. */
function unknownAnnotation(name: string, kind: AnnotationDefinition['kind']): FieldProblem {
  const path = ['metadata', 'annotations', name];
  const elsewhere = annotations.find((known) => known.name === name);
  if (elsewhere !== undefined)
    return fieldProblem(path, `belongs on ${elsewhere.kind === 'Ingress' ? 'an' : 'a'} ${elsewhere.kind}, not here`);
  const names = annotations.filter((known) => known.kind === kind).map((known) => known.name);
  return fieldProblem(
    path,
    `is no annotation of this version${didYouMean(name, names)}`,
    `known on ${kind}: ${names.join(', ')}`,
  );
}

function parsePolicies(text: string): Parsed<readonly PolicyReference[]> {
  const hint = `write ${policies.syntax}, such as "${policies.example}"`;
  const references = new Map<string, PolicyReference>();
  for (const entry of text.split(',')) {
    const written = entry.trim();
    const isCluster = written.startsWith('cluster/');
    const name = isCluster ? written.slice('cluster/'.length) : written;
    if (written === '')
      return { ok: false, message: text.trim() === '' ? 'names no policy' : 'has an empty entry', hint };
    if (name.includes('/')) {
      return {
        ok: false,
        message: `${quoted(written)} names a policy of another namespace`,
        hint: 'use a Policy of the same namespace, or a ClusterPolicy as cluster/NAME',
      };
    }
    if (!isObjectName(name)) return { ok: false, message: `${quoted(written)} is not the name of a policy`, hint };
    references.set(written, { scope: isCluster ? 'cluster' : 'namespace', name });
  }
  if (references.size > MAX_POLICIES)
    return {
      ok: false,
      message: `names ${references.size} policies; at most ${MAX_POLICIES} are allowed`,
      hint: 'put their groups into one Policy',
    };
  return { ok: true, value: [...references.values()] };
}

function parseAccess(text: string): Parsed<AccessMode> {
  const mode = accessModes.find((known) => known === text);
  if (mode !== undefined) return { ok: true, value: mode };
  const message = `${quoted(text)} is no kind of access${didYouMean(text, accessModes)}`;
  return { ok: false, message, hint: `write ${access.syntax}` };
}

function parseAllowedAccess(text: string): Parsed<readonly AccessMode[]> {
  const modes = new Set<AccessMode>();
  for (const written of text.split(',')) {
    const parsed = parseAccess(written.trim());
    if (!parsed.ok) return { ...parsed, hint: `write ${allowedAccess.syntax}, such as "${allowedAccess.example}"` };
    modes.add(parsed.value);
  }
  return { ok: true, value: [...modes] };
}

function parseProviderName(text: string): Parsed<string> {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return { ok: true, value: text };
  return {
    ok: false,
    message: `${quoted(text)} is not the name of an IdentityProvider`,
    hint: 'write at most 63 lower-case letters, digits and hyphens',
  };
}

function hostEntries(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== '');
}

function parseHosts(text: string): Parsed<readonly HostPattern[]> {
  const patterns = new Map<string, HostPattern>();
  for (const written of hostEntries(text)) {
    const parsed = parseHostPattern(written);
    if (!parsed.ok)
      return { ok: false, message: parsed.message, hint: `write ${hosts.syntax}, such as "${hosts.example}"` };
    patterns.set(formatHostPattern(parsed.value), parsed.value);
  }
  if (patterns.size > MAX_HOSTS)
    return {
      ok: false,
      message: `declares ${patterns.size} hosts; at most ${MAX_HOSTS} are allowed`,
      hint: 'declare a *. pattern instead',
    };
  return { ok: true, value: [...patterns.values()] };
}

/** Object names are DNS subdomains (Kubernetes: names of objects; RFC 1123). */
function isObjectName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(label));
}
