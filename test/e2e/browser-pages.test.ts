import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { CONTOSO } from '../../src/emulator/directory/contoso.ts';
import { openBrowser, pickAccount, signIn, startTimeoutMs, type TestBrowser } from '../support/browser.ts';
import { examinePage } from '../support/examine-page.ts';
import { freePort } from '../support/free-ports.ts';
import { openRawClient } from '../support/raw-client.ts';
import { type SiteApp, startSiteApp } from '../support/site-app.ts';
import { startWorld, type World } from '../support/world.ts';

const { adele, alex, megan } = CONTOSO.users;
const sessionEnd = 3_660;

/** A Service without EndpointSlices, at one path of its host. */
const emptyService = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: empty, namespace: apps, annotations: {entragate.dev/access: public}}
spec:
  ingressClassName: entragate
  rules:
    - host: empty.example.test
      http: {paths: [{path: /reports, pathType: Prefix, backend: {service: {name: empty, port: {name: http}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty, namespace: apps}
spec: {ports: [{name: http, port: 80}]}
`;

describe('our pages, on a phone and for a screen reader', () => {
  const authHost = 'auth.example.test';
  const ledgerHost = 'ledger.example.test';
  let app: SiteApp;
  let world: World;
  let browser: TestBrowser;
  const ledger = (path = '/') => world.url(ledgerHost, path);

  before(async function () {
    this.timeout(startTimeoutMs);
    app = await startSiteApp({
      '/form': '<!doctype html><title>Form</title><form method="post" action="/orders"><button>Send</button></form>',
    });
    const finance = { 'entragate.dev/policies': 'finance' };
    const broken = { name: 'broken', host: 'broken.example.test', annotations: { 'entragate.dev/access': 'public' } };
    world = await startWorld({
      authHost,
      manifests: emptyService,
      apps: [
        { name: 'ledger', host: ledgerHost, annotations: finance, port: app.port },
        { ...broken, port: await freePort() },
      ],
    });
    browser = await openBrowser([
      ...[authHost, ledgerHost].map((host) => ({ host, port: world.dev.httpsPort })),
      { host: 'login.localhost', port: Number(new URL(world.emulator.origin).port) },
    ]);
  });
  after(async () => {
    await browser?.close();
    await world?.close();
    await app?.close();
  });

  async function asAdele(): Promise<Page> {
    const page = await (await browser.person()).newPage();
    await signIn(page, ledger('/form'), adele.username);
    return page;
  }

  async function asNobody(): Promise<Page> {
    return (await browser.person()).newPage();
  }

  it('401 of a form whose session has ended', async () => {
    const page = await asAdele();
    world.advance(sessionEnd);
    await page.getByRole('button').click();
    await examinePage(page, '401-form', 'Your session has ended, and the form was not sent');
  });

  it('403 with who, what decided, why, and how old the facts are', async () => {
    const page = await asNobody();
    await page.goto(ledger());
    await pickAccount(page, alex.username);
    await examinePage(page, '403-denied', 'You do not have access');
    const facts = await page.getByRole('main').ariaSnapshot();
    for (const said of ['apps/finance', 'Alex Wilber', alex.id, 'Membership facts', 'second']) {
      assert.ok(facts.includes(said), `${said} is not in\n${facts}`);
    }
  });

  it('403 of a user in more groups than a token holds', async () => {
    const page = await asNobody();
    await page.goto(ledger());
    await pickAccount(page, megan.username);
    await examinePage(page, '403-overage', 'You do not have access');
  });

  it('400 for an address that could be read in two ways', async () => {
    const page = await asNobody();
    const before = app.requests.length;
    const answer = await page.goto(ledger('/reports%2fsecret'));
    assert.equal(answer?.status(), 400);
    await examinePage(page, '400', 'This request can not be read safely');
    assert.equal(app.requests.length, before);
  });

  it('404 where nothing is routed', async () => {
    const page = await asNobody();
    const answer = await page.goto(world.url('empty.example.test', '/elsewhere'));
    assert.equal(answer?.status(), 404);
    await examinePage(page, '404', 'Nothing is here');
  });

  it('421 where the connection was opened for another host', async () => {
    const client = await openRawClient({ port: world.dev.httpsPort, tls: { ca: world.ca, servername: authHost } });
    client.write(`GET / HTTP/1.1\r\nHost: ${ledgerHost}\r\nAccept: text/html\r\n\r\n`);
    const { startLine, body } = await client.response();
    client.destroy();
    assert.equal(startLine.split(' ')[1], '421');
    const page = await asNobody();
    await page.route(ledger('/misdirected'), (route) => route.fulfill({ status: 421, body, contentType: 'text/html' }));
    await page.goto(ledger('/misdirected'));
    await examinePage(page, '421', 'This connection belongs to another host');
  });

  it('431 for more cookies than are read, and signing out still works', async () => {
    const page = await asAdele();
    const cookie = (index: number) => ({ name: `filler-${index}`, value: 'x'.repeat(3_800), url: ledger() });
    await page.context().addCookies(Array.from({ length: 9 }, (_, index) => cookie(index)));
    const answer = await page.goto(ledger('/too-much'));
    assert.equal(answer?.status(), 431);
    await examinePage(page, '431', 'The request has too many or too large fields');
    await page.goto(ledger('/.entragate/sign-out'));
    await page.getByRole('button', { name: `Sign out of ${ledgerHost}` }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  });

  it('502 where the app refuses connections', async () => {
    const page = await asNobody();
    const answer = await page.goto(world.url('broken.example.test'));
    assert.equal(answer?.status(), 502);
    await examinePage(page, '502', 'The application did not answer properly');
  });

  it('503 where no instance of the app is ready', async () => {
    const page = await asNobody();
    const answer = await page.goto(world.url('empty.example.test', '/reports'));
    assert.equal(answer?.status(), 503);
    await examinePage(page, '503', 'The application is not available');
  });

  it('a sign-in that failed', async () => {
    const page = await asNobody();
    world.emulator.breakage.wrongAudience();
    try {
      await page.goto(ledger());
      await pickAccount(page, adele.username);
      await examinePage(page, 'sign-in-failed', 'The sign-in did not work');
    } finally {
      world.emulator.breakage.reset();
    }
  });

  it('a callback of somebody else', async () => {
    const page = await asNobody();
    await page.goto(world.url(authHost, '/oauth2/callback?code=x&state=y'));
    await examinePage(page, 'flow-unknown', 'This sign-in was not started here');
    await page.getByText('Open the application by its own address').waitFor();
  });

  it('an address that was too long to come back to', async () => {
    const page = await asNobody();
    await page.goto(ledger(`/search?q=${'long'.repeat(700)}`));
    await pickAccount(page, adele.username);
    await examinePage(page, 'return-query-dropped', 'You are signed in');
    await page.getByRole('link', { name: 'Go on' }).click();
    await page.waitForURL(ledger('/search'));
  });

  it('who am I, signed in and not', async () => {
    const page = await asAdele();
    await page.goto(ledger('/.entragate/'));
    await examinePage(page, 'who-am-i', `You are signed in on ${ledgerHost}`);
    const stranger = await asNobody();
    await stranger.goto(ledger('/.entragate/'));
    await examinePage(stranger, 'who-am-i-signed-out', `You are not signed in on ${ledgerHost}`);
  });

  it('a renewed session', async () => {
    const page = await asAdele();
    await page.goto(ledger('/.entragate/renew'));
    await examinePage(page, 'renewed', 'Your session is renewed');
  });

  it('the question before a sign-out, and its end; the keyboard is enough', async () => {
    const page = await asAdele();
    await page.goto(ledger('/.entragate/sign-out'));
    await examinePage(page, 'confirm-sign-out', 'Sign out?');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await examinePage(page, 'signed-out', 'You are signed out');
  });
});
