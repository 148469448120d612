import { EntragateError } from '../telemetry/entragate-error.ts';
import { isAadstsCode } from './aadsts-error.ts';
import type { BreakableArea } from './breakage.ts';
import type { EmulatorControls } from './emulator-controls.ts';
import { type EmulatorRequest, type EmulatorResponse, json } from './http-exchange.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

type Arguments = JsonObject;
type Action = (controls: EmulatorControls, parameters: Arguments) => void | Promise<void>;

const AREAS: ReadonlySet<string> = new Set<BreakableArea>(['everything', 'discovery', 'keys', 'token', 'graph']);
const isArea = (value: unknown): value is BreakableArea => typeof value === 'string' && AREAS.has(value);

/** What the action needs, or the reason why the request is 400. */
function need<Value>(
  parameters: Arguments,
  name: string,
  isValid: (value: unknown) => value is Value,
  what: string,
): Value {
  const value = parameters[name];
  if (isValid(value)) return value;
  throw new EntragateError('emulator-bad-control', `Member '${name}' must be ${what}.`);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

const user = (parameters: Arguments) => need(parameters, 'user', isText, 'a username or an object id');
const code = (parameters: Arguments) => need(parameters, 'code', isAadstsCode, 'an AADSTS code the emulator knows');

/** Every action by its name: the methods of `Emulator` and of its switch board. */
const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['reset', ({ breakage }) => breakage.reset()],
  ['down', ({ breakage }, it) => breakage.down(need(it, 'area', isArea, `one of ${[...AREAS].join(', ')}`))],
  ['slow', ({ breakage }, it) => breakage.slow(need(it, 'ms', isCount, 'a number of milliseconds'))],
  ['unknownKey', ({ breakage }) => breakage.unknownKey()],
  ['keyOfOtherIssuer', ({ breakage }) => breakage.keyOfOtherIssuer()],
  ['badSignature', ({ breakage }) => breakage.badSignature()],
  ['algNone', ({ breakage }) => breakage.algNone()],
  ['algHS256', ({ breakage }) => breakage.algHS256()],
  ['wrongIssuer', ({ breakage }) => breakage.wrongIssuer()],
  ['wrongAudience', ({ breakage }) => breakage.wrongAudience()],
  ['wrongTenant', ({ breakage }) => breakage.wrongTenant()],
  ['tenantTwice', ({ breakage }) => breakage.tenantTwice()],
  ['expired', ({ breakage }) => breakage.expired()],
  ['notYetValid', ({ breakage }) => breakage.notYetValid()],
  ['nonceMissing', ({ breakage }) => breakage.nonceMissing()],
  ['nonceWrong', ({ breakage }) => breakage.nonceWrong()],
  ['oidMissing', ({ breakage }) => breakage.oidMissing()],
  ['authorizeError', ({ breakage }, it) => breakage.authorizeError(code(it))],
  ['tokenError', ({ breakage }, it) => breakage.tokenError(code(it))],
  ['graph429', ({ breakage }, it) => breakage.graph429(need(it, 'retryAfterS', isCount, 'a number of seconds'))],
  ['graph403', ({ breakage }) => breakage.graph403()],
  ['graph503', ({ breakage }) => breakage.graph503()],
  [
    'graphClaimsChallenge',
    ({ breakage }, it) => breakage.graphClaimsChallenge(need(it, 'claims', isText, 'JSON text')),
  ],
  ['rotateKeys', (controls, it) => controls.rotateKeys({ withdrawPrevious: it.withdrawPrevious === true })],
  ['publishKeys', (controls, it) => controls.publishKeys(need(it, 'on', isFlag, 'true or false'))],
  [
    'setMembership',
    (controls, it) => controls.setMembership(user(it), need(it, 'groups', isTexts, 'a list of group ids')),
  ],
  ['disableUser', (controls, it) => controls.disableUser(user(it))],
  ['enableUser', (controls, it) => controls.enableUser(user(it))],
  ['revokeSessions', (controls, it) => controls.revokeSessions(user(it))],
]);

function parse(body: string): Arguments | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `POST /emulator/control`: the switches for programs in any language, e.g. `{"action":"slow","ms":500}`. JSON only, so
 * that no web page can send it without the preflight that is never answered.
 */
export async function control(controls: EmulatorControls, http: EmulatorRequest): Promise<EmulatorResponse> {
  const isJson = http.headers['content-type']?.split(';', 1)[0]?.trim() === 'application/json';
  const parameters = isJson ? parse(http.body) : undefined;
  if (parameters === undefined) return json(400, { error: 'The body must be a JSON object (application/json).' });
  const action = isText(parameters.action) ? ACTIONS.get(parameters.action) : undefined;
  if (action === undefined) return json(400, { error: `'action' must be one of ${[...ACTIONS.keys()].join(', ')}.` });
  try {
    await action(controls, parameters);
    return json(200, { done: parameters.action });
  } catch (error) {
    if (error instanceof EntragateError) return json(400, { error: error.message });
    throw error;
  }
}
