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
    'What each controller (release) found is in its entry of `status.controllers[]`, beside the number of routes that use a policy, and the first 50 of them by name, each `Programmed`, or',
    '`Denied`, with a reason and what is wrong with it, in the words of its Event. In `status.conditions` stands what holds for any of them.',
    '',
    '| type | status | reason | on | meaning |',
    '|---|---|---|---|---|',
    ...conditions,
    '',
    '## Routes that deny everybody',
    '',
    'The reason stands in `status.controllers[].routes[].reason` of the policies that the route uses (in CamelCase: `PolicyMissing`), in the Event of the Ingress in words, and as `reason` in',
    'the access line and on the page of a request.',
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
    'An Ingress has no conditions, so that an Event (events.k8s.io/v1) says what it is now: one for each Ingress of our classes, in its namespace, shown by `kubectl describe ingress`. While it stays',
    'true it says so again every 30 to 45 minutes (`series`), since API servers forget Events after an hour; what is true no longer is deleted, so that there is never a second one beside it. A note has at most 1,024 bytes, and',
    'names no object of another namespace. `entragate check --cluster` says the same at any time. An Event about a Namespace is in that namespace.',
    '',
    '| reason | type | on | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
