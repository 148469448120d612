import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import { type ImageArchive, type ImageEntry, readImageArchive } from './image-archive.ts';

const readRepository = (file: string): Promise<string> =>
  readFile(new URL(`../../../${file}`, import.meta.url), 'utf8');

describe('the image', () => {
  let image: ImageArchive & AsyncDisposable;
  let page: string;

  before(async function () {
    this.timeout(300_000);
    image = await readImageArchive(process.env.ENTRAGATE_IMAGE ?? '');
    page = await readRepository('docs/image.md');
  });
  after(() => image[Symbol.asyncDispose]());

  /** What a row of the page says in code, such as `65532:65532`. */
  const documented = (row: string): readonly string[] => codeOf(rowsOf(page).get(row) ?? '');

  it('starts as the page says: user, command, folder, environment and ports', () => {
    const { User, Entrypoint, Cmd, WorkingDir, Env, ExposedPorts } = image.config;
    assert.match(String(User), /^[1-9]\d*:[1-9]\d*$/, 'a number, so that a cluster can tell that it is not root');
    assert.deepEqual(documented('user'), [User]);
    assert.deepEqual(documented('command'), [Entrypoint, Cmd].flat());
    assert.deepEqual(documented('working folder'), [WorkingDir]);
    const ports = Object.keys(ExposedPorts as object).map((port) => port.replace('/tcp', ''));
    assert.deepEqual(documented('ports').toSorted(), ports.toSorted());
    const own = (Env as readonly string[]).filter((variable) => !/^(PATH|NODE_VERSION|YARN_VERSION)=/.test(variable));
    assert.deepEqual(documented('environment').slice(0, 1), own);
  });

  it('adds what the page lists below /app, and nothing elsewhere', () => {
    const folders = new Set(image.added.map(({ path }) => path.split('/').slice(0, 2).join('/')));
    const listed = [...rowsOf(page).keys()].flatMap(codeOf).filter((path) => path.startsWith('/app/'));
    const inApp = [...folders].filter((path) => path.startsWith('app/'));
    assert.deepEqual(inApp.map((path) => `/${path}`).toSorted(), listed.toSorted());
    const elsewhere = image.added.filter(({ path, mode }) => !path.startsWith('app') && !mode.startsWith('d'));
    assert.deepEqual(elsewhere, []);
  });

  it('holds exactly the packages of the lock that are not for development only', async () => {
    const { packages } = JSON.parse(await readRepository('package-lock.json')) as Lock;
    const production = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    const held = image.added.flatMap(
      ({ path }) =>
        /^app\/(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/@.][^/]*)\/package\.json$/.exec(path)?.[1] ?? [],
    );
    assert.deepEqual(held.toSorted(), production.map(([path]) => path).toSorted());
    const { dependencies } = JSON.parse(await readRepository('package.json'));
    const sentence = /^The packages are (.*?), and what/m.exec(page)?.[1] ?? '';
    assert.deepEqual(codeOf(sentence), Object.keys(dependencies));
  });

  it('leaves what it adds to root, with nothing that others may change or that lends rights', () => {
    const isLoose = ({ mode, owner }: ImageEntry) =>
      owner !== '0/0' || (!mode.startsWith('l') && /^.....w|w.$|[sS]/.test(mode));
    assert.deepEqual(image.added.filter(isLoose), []);
  });

  it('holds no package manager, no settings of npm, no cache, no history and no secret of the build', () => {
    const names = /(^|\/)(npm|npx|yarn|yarnpkg|corepack|\.npmrc|\.npm|\._.*|\.[a-z]*_history|npm-ca)$|^run\/secrets\//;
    assert.deepEqual(
      image.entries.filter(({ path }) => names.test(path)),
      [],
    );
    assert.ok(
      image.entries.some(({ path }) => path === 'usr/local/bin/node'),
      'entries of the base image are read',
    );
  });

  it('holds no sources, tests, declarations or source maps of packages', () => {
    const needless = /^app\/(src|test|scripts)\/|^app\/node_modules\/.*\.(map|d\.[mc]?ts)$/;
    assert.deepEqual(
      image.added.filter(({ path }) => needless.test(path)),
      [],
    );
  });

  it('is as large above its base as the page says', () => {
    const { all, last } = image.sizes;
    const said = Number(/about (\d+) MB/.exec(rowsOf(page).get('size') ?? '')?.[1]);
    console.log(`      ${megabytes(last)} MB above the base image, ${megabytes(all)} MB in all, not compressed`);
    assert.ok(Math.abs(megabytes(last) - said) <= said / 10, `${megabytes(last)} MB`);
  });
});

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000);

/** First and second cell of every row of the page's tables. */
function rowsOf(markdown: string): ReadonlyMap<string, string> {
  return new Map([...markdown.matchAll(/^\| (.*?) \| (.*) \|$/gm)].map(([, name = '', text = '']) => [name, text]));
}

function codeOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
