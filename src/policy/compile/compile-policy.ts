import { deepFreeze } from '../../snapshot/deep-freeze.ts';
import { type GroupId, parseGroupId, parseObjectId } from '../../snapshot/ids.ts';
import type {
  Criterion,
  PolicyProgram,
  ProgramRule,
  SessionRequirement,
  TextTest,
} from '../../snapshot/policy-program.ts';
import { type ErrorSink, fail, type PolicyError, type PolicyWarning } from '../policy-error.ts';
import { collectMentions } from './collect-mentions.ts';
import { parseDuration } from './duration.ts';
import { findExcess, stepsHint } from './find-excess.ts';
import { lintPolicy } from './lint-policy.ts';
import { failNotGroupId } from './parse-groups.ts';
import { parseRules } from './parse-rules.ts';
import { readScalar } from './parse-text-tests.ts';
import { MOST_PATTERN_STEPS, policyCost } from './policy-cost.ts';
import { isMap, nearestWord, quote } from './untrusted-value.ts';

/** A program with what is questionable about it, or every error. */
export type CompiledPolicy =
  | { readonly ok: true; readonly program: PolicyProgram; readonly warnings: readonly PolicyWarning[] }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/** `allowedNamespaces` is for the route that names a ClusterPolicy, `description` for people: neither is compiled. */
const specFields = [
  'description',
  'groups',
  'roles',
  'users',
  'rules',
  'mode',
  'session',
  'identityProvider',
  'allowedNamespaces',
];
const mostShorthandValues = 500;
/** As many as errors (see policy-error.ts). */
const mostWarnings = 50;
const shortestMaxAge = 60;
const longestMaxAge = 720 * 3600;

/**
 * Compiles the `spec` of a Policy or ClusterPolicy. Everything in it is checked again, whatever a schema has checked
 * before: a field, criterion or matcher that is not known makes the policy invalid, since leaving out a part of a rule
 * could widen it.
 *
 * @param path where `spec` is, for messages
 * @returns a frozen program and what {@link lintPolicy} says about it, or every error
 */
export function compilePolicy(spec: unknown, path = 'spec'): CompiledPolicy {
  const excess = isMap(spec) ? findExcess(spec.rules, `${path}.rules`) : [];
  if (excess.length > 0) return { ok: false, errors: excess };
  const sink: ErrorSink = { errors: [] };
  const program = isMap(spec) ? parseSpec(spec, path, sink) : null;
  if (!isMap(spec)) fail(sink, path, `${quote(spec)} is not a policy`, 'Write groups, roles, users or rules.');
  if (program === null || sink.errors.length > 0) return { ok: false, errors: sink.errors };
  return { ok: true, program: deepFreeze(program), warnings: lintPolicy(program, path).slice(0, mostWarnings) };
}

function parseSpec(spec: Readonly<Record<string, unknown>>, path: string, sink: ErrorSink): PolicyProgram {
  for (const field of Object.keys(spec))
    if (!specFields.includes(field)) failUnknownField(field, specFields, path, sink);
  const rules = [
    ...parseShorthand('groups', spec.groups, `${path}.groups`, sink),
    ...parseShorthand('roles', spec.roles, `${path}.roles`, sink),
    ...parseShorthand('users', spec.users, `${path}.users`, sink),
    ...(spec.rules === undefined ? [] : parseRules(spec.rules, `${path}.rules`, sink)),
  ];
  if (rules.length === 0 && sink.errors.length === 0) {
    fail(sink, path, 'the policy allows nobody', 'Write at least one of groups, roles, users or rules.');
  }
  checkSteps(rules, `${path}.rules`, sink);
  return {
    mode: parseMode(spec.mode, `${path}.mode`, sink),
    identityProvider: parseProvider(spec.identityProvider, `${path}.identityProvider`, sink),
    session: parseSession(spec.session, `${path}.session`, sink),
    rules,
    mentions: collectMentions(rules),
  };
}

function checkSteps(rules: readonly ProgramRule[], path: string, sink: ErrorSink): void {
  const { steps } = policyCost({ rules });
  if (steps <= MOST_PATTERN_STEPS) return;
  fail(
    sink,
    path,
    `holds \`matches\` and \`contains\` of ${steps} steps together, once repetitions are expanded`,
    stepsHint,
  );
}

type Shorthand = 'groups' | 'roles' | 'users';

function parseShorthand(name: Shorthand, value: unknown, path: string, sink: ErrorSink): readonly ProgramRule[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > mostShorthandValues) {
    const what = Array.isArray(value) ? `has ${value.length} values` : `${quote(value)} is not a list`;
    fail(sink, path, what, `Write a list of at most ${mostShorthandValues}.`);
    return [];
  }
  const texts = value.map((item, index) => readScalar(item, `${path}[${index}]`, sink));
  const criterion = shorthandCriterion(name, texts, path, sink);
  return criterion === null ? [] : [{ name, action: 'allow', blocks: [{ operator: 'or', criteria: [criterion] }] }];
}

function shorthandCriterion(
  name: Shorthand,
  texts: readonly (string | null)[],
  path: string,
  sink: ErrorSink,
): Criterion | null {
  const values = new Set<string>();
  const groups = new Set<GroupId>();
  for (const [index, text] of texts.entries()) {
    if (text === null) continue;
    const at = `${path}[${index}]`;
    switch (name) {
      case 'groups': {
        const id = parseGroupId(text) ?? failNotGroupId(text, at, sink);
        if (id !== null) groups.add(id);
        break;
      }
      case 'users': {
        const hint = "Write the user's Object ID, a GUID that Entra shows on the user's overview page.";
        const id = parseObjectId(text) ?? fail(sink, at, `${quote(text)} is not the object id of a user`, hint);
        if (id !== null) values.add(id);
        break;
      }
      case 'roles':
        values.add(text);
        break;
      default:
        name satisfies never;
    }
  }
  if (groups.size > 0) return { kind: 'groups', tests: [{ operator: 'any', groups: [...groups], names: [] }] };
  const tests: readonly TextTest[] = [{ operator: 'in', values: [...values] }];
  return values.size === 0 ? null : { kind: name === 'roles' ? 'roles' : 'user', tests };
}

function parseMode(value: unknown, path: string, sink: ErrorSink): PolicyProgram['mode'] {
  if (value === undefined || value === 'Enforce') return 'Enforce';
  if (value !== 'Audit') fail(sink, path, `${quote(value)} is not a mode`, 'Write Enforce or Audit.');
  return 'Audit';
}

/** Names of IdentityProviders are names of Kubernetes objects (RFC 1123 subdomain). */
function parseProvider(value: unknown, path: string, sink: ErrorSink): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value)) return value;
  return fail(sink, path, `${quote(value)} is not a name`, 'Write the metadata.name of an IdentityProvider.');
}

function parseSession(value: unknown, path: string, sink: ErrorSink): SessionRequirement {
  const none: SessionRequirement = { maxAgeSeconds: null, authContext: null };
  if (value === undefined) return none;
  if (!isMap(value)) {
    fail(sink, path, `${quote(value)} is not a map`, 'Write maxAge, authContext or both.');
    return none;
  }
  const fields = ['maxAge', 'authContext'];
  for (const field of Object.keys(value)) if (!fields.includes(field)) failUnknownField(field, fields, path, sink);
  return {
    maxAgeSeconds: value.maxAge === undefined ? null : parseMaxAge(value.maxAge, `${path}.maxAge`, sink),
    authContext:
      value.authContext === undefined ? null : parseAuthContext(value.authContext, `${path}.authContext`, sink),
  };
}

function parseMaxAge(value: unknown, path: string, sink: ErrorSink): number | null {
  const reading = parseDuration(typeof value === 'string' ? value : '', shortestMaxAge, longestMaxAge);
  return reading.ok ? reading.value : fail(sink, path, `${quote(value)} ${reading.message}`, reading.hint);
}

/** Entra numbers authentication contexts `c1` to `c99`. */
function parseAuthContext(value: unknown, path: string, sink: ErrorSink): string | null {
  if (typeof value === 'string' && /^c[1-9][0-9]?$/.test(value)) return value;
  return fail(sink, path, `${quote(value)} is not an authentication context`, 'Write its id in Entra: c1 to c99.');
}

function failUnknownField(field: string, known: readonly string[], path: string, sink: ErrorSink): void {
  const near = nearestWord(field, known);
  const suggestion = near === null ? '' : `Did you mean ${near}? `;
  fail(
    sink,
    `${path}.${field}`,
    `${quote(field)} is not a field that this version knows`,
    `${suggestion}Known are ${known.join(', ')}.`,
  );
}
