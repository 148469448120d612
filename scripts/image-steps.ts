import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/**
 * Follows the Dockerfile without an image registry: each stage is a folder, each COPY a copy, each RUN a run, on the Node.js of
 * this repository. Then it starts what the last stage holds, as its USER, and waits for `/readyz`.
 */
interface Stage {
  readonly root: string;
  workdir: string;
  user: number | null;
  entrypoint: readonly string[];
  environment: Record<string, string>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

const context = process.cwd();
const work = mkdtempSync(join(tmpdir(), 'entragate-image-'));
const nodeFolder = resolve('node_modules/node/bin');
const deadlineMs = 30_000;

const stages = new Map<string, Stage>();
let current: Stage | null = null;
for (const [instruction, argument] of instructions(readFileSync('Dockerfile', 'utf8'))) {
  if (instruction === 'FROM') {
    const name = / AS (\S+)$/.exec(argument)?.[1] ?? 'final';
    current = { root: join(work, name), workdir: '/', user: null, entrypoint: [], environment: {} };
    stages.set(name, current);
  } else if (current !== null) {
    follow(current, instruction, argument);
  }
}
try {
  const final = stages.get('final');
  if (final === undefined) throw new Error('The Dockerfile has no last stage');
  refuseDevelopmentDependencies(final);
  await startAndStop(final);
  console.log('image: production install, build, start and /readyz work');
} finally {
  rmSync(work, { recursive: true, force: true });
}

function instructions(text: string): [string, string][] {
  return text
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()]);
}

function follow(stage: Stage, instruction: string, argument: string): void {
  const folder = join(stage.root, stage.workdir);
  switch (instruction) {
    case 'WORKDIR':
      stage.workdir = argument;
      mkdirSync(join(stage.root, argument), { recursive: true });
      return;
    case 'COPY':
      copy(stage, argument.split(/\s+/));
      return;
    case 'RUN':
      run(folder, argument);
      return;
    case 'ENV':
      stage.environment[argument.slice(0, argument.indexOf('='))] = argument.slice(argument.indexOf('=') + 1);
      return;
    case 'USER':
      stage.user = Number(argument.split(':')[0]);
      return;
    case 'ENTRYPOINT':
      stage.entrypoint = JSON.parse(argument);
      return;
    case 'CMD':
    case 'EXPOSE':
      return;
    default:
      throw new Error(`Dockerfile: this check does not know ${instruction}; teach it, or leave it out`);
  }
}

function copy(stage: Stage, words: string[]): void {
  const from = words[0]?.startsWith('--from=') ? stages.get(words.shift()?.slice('--from='.length) ?? '') : undefined;
  const target = words.pop() ?? './';
  for (const word of words) {
    const source = from === undefined ? join(context, word) : join(from.root, word);
    if (!existsSync(source)) throw new Error(`Dockerfile: COPY names ${word}, which does not exist`);
    const isIntoFolder = target.endsWith('/');
    cpSync(source, join(stage.root, stage.workdir, target, isIntoFolder ? basename(word) : ''), { recursive: true });
  }
}

function run(folder: string, command: string): void {
  const path = `${nodeFolder}:${process.env.PATH ?? ''}`;
  const { status } = spawnSync('sh', ['-c', command], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  if (status !== 0) throw new Error(`Dockerfile: RUN ${command} ended with ${status}`);
}

/** By the lock: a package that production needs too, through another one, is no development dependency. */
function refuseDevelopmentDependencies(stage: Stage): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const modules = join(stage.root, stage.workdir, 'node_modules');
  const tools = Object.entries(packages).flatMap(([path, { dev }]) => {
    const name = path.slice('node_modules/'.length);
    return dev === true && existsSync(join(modules, name)) ? [name] : [];
  });
  if (tools.length > 0) throw new Error(`The image holds development dependencies: ${tools.join(', ')}`);
}

async function startAndStop(stage: Stage): Promise<void> {
  const admin = await freePort();
  const listeners = ['--https-port', '0', '--http-port', '0', '--admin-port', String(admin)];
  const manifests = join(work, 'manifests');
  cpSync('examples/demo/manifests', manifests, { recursive: true });
  openToEveryone(work);
  const [program = '', ...rest] = stage.entrypoint;
  const child = spawn(
    join(nodeFolder, program),
    [...rest, 'dev', manifests, ...listeners, '--state', join(work, 'state')],
    {
      cwd: join(stage.root, stage.workdir),
      env: { ...stage.environment, PATH: process.env.PATH ?? '' },
      stdio: 'inherit',
      ...(process.getuid?.() === 0 && stage.user !== null ? { uid: stage.user, gid: stage.user } : {}),
    },
  );
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  try {
    await ready(`http://127.0.0.1:${admin}/readyz`, ended);
  } finally {
    child.kill('SIGTERM');
  }
  const code = await ended;
  if (code !== 0) throw new Error(`The image's process ended with ${code} after SIGTERM`);
}

function openToEveryone(folder: string): void {
  spawnSync('chmod', ['-R', 'a+rwX', folder], { stdio: 'inherit' });
}

async function ready(url: string, ended: Promise<number | null>): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  while (Date.now() < deadline && !hasEnded) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(hasEnded ? 'The process ended before it was ready' : `${url} did not answer 200 in ${deadlineMs} ms`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
