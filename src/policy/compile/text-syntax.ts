import { parseObjectId, parseTenantId } from '../../snapshot/ids.ts';
import type { TextSubject } from '../../snapshot/policy-program.ts';
import type { Reading } from '../policy-error.ts';
import type { TextOperator, TextSyntax } from './parse-text-tests.ts';
import { readRulePath } from './rule-path.ts';

const equality: readonly TextOperator[] = ['is', 'not', 'in', 'not_in'];
const text: readonly TextOperator[] = [...equality, 'contains', 'starts_with', 'ends_with', 'matches'];
const list: readonly TextOperator[] = ['has', 'exclude', 'is', 'not', 'in', 'not_in'];

/** Which matchers each subject has, and how its values are read. */
export const textSyntax: Readonly<Record<TextSubject | 'claim', TextSyntax>> = {
  claim: {
    subject: 'a claim',
    bare: 'has',
    operators: [...new Set([...list, ...text])],
    read: asWritten,
  },
  roles: { subject: 'the app roles, which are a list', bare: 'has', operators: list, read: asWritten },
  user: {
    subject: 'the user, who is an object id',
    bare: 'is',
    operators: equality,
    read: (value) =>
      orRefuse(
        parseObjectId(value),
        'is not an Entra object id',
        "Write the user's Object ID, a GUID: addresses and names can change hands.",
      ),
  },
  tenant: {
    subject: 'the tenant, which is a tenant id',
    bare: 'is',
    operators: equality,
    read: (value) => orRefuse(parseTenantId(value), 'is not an Entra tenant id', 'Write the Tenant ID, a GUID.'),
  },
  email: { subject: 'the e-mail address', bare: 'is', operators: text, read: inLowerCase },
  domain: {
    subject: 'the domain of the e-mail address',
    bare: 'is',
    operators: text,
    read: (value) =>
      value.includes('@')
        ? { ok: false, message: 'holds an @', hint: 'Write the part behind the @, or use the criterion email.' }
        : inLowerCase(value),
  },
  http_method: {
    subject: 'the method',
    bare: 'is',
    operators: text,
    read: (value) =>
      /^[A-Za-z-]+$/.test(value)
        ? { ok: true, value: value.toUpperCase() }
        : { ok: false, message: 'is not a method', hint: 'Write a method such as GET.' },
  },
  http_path: { subject: 'the path', bare: 'is', operators: text, read: readPath },
};

function asWritten(value: string): Reading<string> {
  return { ok: true, value };
}

function inLowerCase(value: string): Reading<string> {
  return { ok: true, value: value.toLowerCase() };
}

function readPath(value: string, operator: TextOperator): Reading<string> {
  switch (operator) {
    case 'contains':
    case 'ends_with':
      return readRulePath(value, 'part');
    case 'starts_with':
      return readRulePath(value, 'start');
    default:
      return readRulePath(value, 'whole');
  }
}

function orRefuse(value: string | null, message: string, hint: string): Reading<string> {
  return value === null ? { ok: false, message, hint } : { ok: true, value };
}
