import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Session } from '../../../src/identity/session.ts';
import { fitAuthSession, projectSession } from '../../../src/identity/sessions/project-session.ts';
import { sessionPrincipal } from '../../../src/identity/sessions/session-principal.ts';
import type { Mentions } from '../../../src/snapshot/snapshot.ts';
import { randomId, sampleGroup, sampleGroups, sampleMentions, sampleSession, signInTime } from '../sample-session.ts';

const hostMentions = sampleMentions([sampleGroup(0), sampleGroup(1)], ['department', 'country']);
const allAtSignIn = sampleMentions(sampleGroups(5), ['department', 'country', 'city']);
const allChanged = sampleMentions(sampleGroups(6), ['department', 'country', 'city', 'title']);

/** Of five groups that policies mention, the user is in two; another one nobody mentions. */
const auth = (changes: Partial<Session> = {}) =>
  sampleSession({
    groups: [sampleGroup(0), sampleGroup(3), sampleGroup(77)],
    claims: new Map([
      ['department', 'Finance'],
      ['city', 'Oslo'],
    ]),
    mentionsFingerprint: allAtSignIn.fingerprint,
    mentionedGroups: 'all',
    ...changes,
  });

function answered(session: Session, mentions: Mentions, allMentions: Mentions): Session {
  const projection = projectSession(session, mentions, allMentions, randomId());
  ok(projection.kind === 'answered', projection.kind);
  return projection.session;
}

describe('the session of a host, made from the auth host', () => {
  it('[NO-TOKENS] holds only what policies of that host mention', () => {
    const session = answered(auth(), hostMentions, allAtSignIn);
    deepEqual(session.groups, [sampleGroup(0)]);
    deepEqual([...session.claims], [['department', 'Finance']]);
    equal(session.mentionedGroups, 'as-fingerprint');
  });

  it('[BOUNDED] keeps login and times, so that apps opened in series add nothing to the bounds', () => {
    const from = auth({ loginAt: signInTime - 500, checkedAt: signInTime - 100, authTime: signInTime - 501 });
    const sid = randomId();
    const projection = projectSession(from, hostMentions, allAtSignIn, sid);
    ok(projection.kind === 'answered');
    const { lid, checkedAt, loginAt, authTime, binding } = projection.session;
    deepEqual(
      [lid, checkedAt, loginAt, authTime, binding],
      [from.lid, from.checkedAt, from.loginAt, from.authTime, from.binding],
    );
    equal(projection.session.sid, sid);
  });

  it('answers no for what the user is not in', () => {
    const { groups } = sessionPrincipal(answered(auth(), hostMentions, allAtSignIn), hostMentions);
    deepEqual([groups.has(sampleGroup(0)), groups.has(sampleGroup(1))], ['yes', 'no']);
  });

  it('answers groups mentioned since the sign-in, as the auth host knows all of them', () => {
    const mentions = sampleMentions([sampleGroup(77), sampleGroup(5)]);
    const { groups } = sessionPrincipal(answered(auth(), mentions, allChanged), mentions);
    deepEqual([groups.has(sampleGroup(77)), groups.has(sampleGroup(5))], ['yes', 'no']);
  });

  it('[UNKNOWN] goes on to the provider for a claim that nobody mentioned at sign-in', () => {
    const mentions = sampleMentions([sampleGroup(0)], ['department', 'title']);
    deepEqual(projectSession(auth(), mentions, allChanged, randomId()), { kind: 'unanswered', what: ['title'] });
  });

  it('takes a claim that was looked for and not found as an answer', () => {
    equal(answered(auth(), hostMentions, allAtSignIn).claims.has('country'), false);
  });

  it('[UNKNOWN] goes on to the provider for a group that a session of mentioned groups does not know', () => {
    const some = auth({ mentionedGroups: 'as-fingerprint' });
    deepEqual(projectSession(some, sampleMentions([sampleGroup(0), sampleGroup(5)]), allChanged, randomId()), {
      kind: 'unanswered',
      what: [sampleGroup(5)],
    });
    equal(answered(some, sampleMentions([sampleGroup(0)]), allChanged).groups.length, 1);
  });

  it('[UNKNOWN] passes on why groups are incomplete, rather than asking for the same again', () => {
    const incomplete = auth({ mentionedGroups: 'as-fingerprint', groupCompleteness: 'overage', claims: new Map() });
    const mentions = sampleMentions([sampleGroup(0), sampleGroup(5)]);
    const { groups } = sessionPrincipal(answered(incomplete, mentions, allChanged), mentions);
    deepEqual([groups.has(sampleGroup(5)), groups.unknownBecause], ['unknown', 'overage']);
  });
});

describe('the session of the auth host', () => {
  it('keeps all of up to 200 groups', () => {
    const session = auth({ groups: sampleGroups(200) });
    equal(fitAuthSession(session, allAtSignIn), session);
  });

  it('keeps of more than that those that policies mention, and answers for them', () => {
    const fitted = fitAuthSession(auth({ groups: sampleGroups(201) }), hostMentions);
    deepEqual(fitted.groups, [sampleGroup(0), sampleGroup(1)]);
    const { groups } = sessionPrincipal(answered(fitted, hostMentions, hostMentions), hostMentions);
    equal(groups.unknownBecause, 'none');
  });
});
