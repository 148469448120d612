import { conditionReasons, eventReasons } from '../src/api/status-reasons.ts';
import { routeDenials } from '../src/snapshot/route-denials.ts';

/** `docs/reference/conditions.md`, from the tables that the controller's own texts are typed by. */
export function conditionsPage(): string {
  const conditions = Object.entries(conditionReasons).flatMap(([type, reasons]) =>
    Object.entries(reasons).map(
      ([reason, { status, on, meaning }]) => `| \`${type}\` | ${status} | \`${reason}\` | ${on} | ${meaning} |`,
    ),
  );
  return [
    '# Conditions, and why access is denied',
    '',
    '<!-- Generated from src/api/status-reasons.ts and src/snapshot/route-denials.ts by `npm run generate`. Do not edit. -->',
    '',
    '## Conditions',
    '',
    'On Policies, ClusterPolicies and IdentityProviders, in `status.conditions`, with `observedGeneration`: `kubectl wait --for=condition=Accepted policies.entragate.dev/finance`.',
    'Each controller (release) has an entry in `status.controllers[]` with what it found: its own conditions, how many routes use the policy or provider, and the first 50 of them by name. Each of these is `Programmed`, or',
    '`Denied` with a reason and with the words of its Event. In `status.conditions` a condition is True where it is True for any controller.',
    '',
    '| type | status | reason | on | meaning |',
    '|---|---|---|---|---|',
    ...conditions,
    '',
    '## Routes that deny everybody',
    '',
    'The reason is in `status.controllers[].routes[].reason` of the policies and the provider that the route uses (in CamelCase: `PolicyMissing`), and `reason` in the access line and on the page of a request. The Event of the',
    'Ingress says in words what is wrong, and what to write.',
    '',
    '| reason | meaning |',
    '|---|---|',
    ...Object.entries(routeDenials).map(([reason, meaning]) => `| \`${reason}\` | ${meaning} |`),
    '',
    'What policies answer single users is in [policy.md](../policy.md#why-was-it-denied).',
    '',
  ].join('\n');
}

/** `docs/reference/events.md`. */
export function eventsPage(): string {
  const rows = Object.entries(eventReasons).map(
    ([reason, { type, on, meaning }]) => `| \`${reason}\` | ${type} | ${on} | ${meaning} |`,
  );
  return [
    '# Events',
    '',
    '<!-- Generated from src/api/status-reasons.ts by `npm run generate`. Do not edit. -->',
    '',
    'An Ingress has no conditions, so an Event (events.k8s.io/v1) says what it is now. There is one for each Ingress of our classes, in its namespace; `kubectl describe ingress` shows it. As long as it is true,',
    'it is refreshed every 30 to 45 minutes (`series`), since API servers forget Events after an hour. When something else is true, a new Event takes its place and the old one is deleted. A note has at most 1,024 bytes,',
    'and names no object of another namespace. `entragate check --cluster` says the same at any time. An Event about a Namespace is in that namespace.',
    '',
    '| reason | type | on | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
