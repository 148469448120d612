import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Session } from '../../../src/identity/session.ts';
import { fitAuthSession, projectSession } from '../../../src/identity/sessions/project-session.ts';
import { decodeSession, encodeSession } from '../../../src/identity/sessions/session-codec.ts';
import { sessionPrincipal } from '../../../src/identity/sessions/session-principal.ts';
import type { Mentions } from '../../../src/snapshot/snapshot.ts';
import {
  known,
  randomId,
  sampleGroup,
  sampleGroups,
  sampleMentions,
  sampleSession,
  signInTime,
} from '../sample-session.ts';

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

  /** As a browser brings it back. */
  const kept = (session: Session, allMentions: Mentions) => {
    const fitted = fitAuthSession(session, allMentions);
    return known(decodeSession(encodeSession(fitted), fitted.binding));
  };

  it("[ISOLATION] goes on to the provider for claims that did not fit beside another tenant's, instead of denying them", () => {
    const claims = new Map([
      ['aaa', 'x'.repeat(4000)],
      ['department', 'y'.repeat(500)],
    ]);
    const allMentions = sampleMentions([sampleGroup(0)], ['aaa', 'department']);
    const session = kept(auth({ claims, mentionsFingerprint: allMentions.fingerprint }), allMentions);
    const mentions = sampleMentions([sampleGroup(0)], ['department']);
    deepEqual(projectSession(session, mentions, allMentions, randomId()), {
      kind: 'unanswered',
      what: ['department'],
    });
    equal(answered(session, sampleMentions([sampleGroup(0)], ['aaa']), allMentions).claims.size, 1);
  });

  it("[ISOLATION] goes on to the provider for groups that did not fit beside another tenant's", () => {
    const allMentions = sampleMentions(sampleGroups(250));
    const session = kept(
      auth({ groups: sampleGroups(250), claims: new Map(), mentionsFingerprint: allMentions.fingerprint }),
      allMentions,
    );
    const late = sampleMentions([sampleGroup(249)]);
    deepEqual(projectSession(session, late, allMentions, randomId()), { kind: 'unanswered', what: late.groups });
    equal(answered(session, sampleMentions([sampleGroup(0)]), allMentions).groupCompleteness, 'complete');
  });
});
