import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

/** An nginx of the bench, in the foreground with one worker process. */
export interface RunningNginx {
  readonly pid: number;
  stop(): Promise<void>;
}

const START_PATIENCE_MS = 60_000;

/**
 * Starts nginx as the upstream: every answer is the same 1 KiB, from memory.
 *
 * @param folder where its configuration, log and temporary files go
 */
export async function startUpstream(folder: string, core: number, port: number): Promise<RunningNginx> {
  const server = `server { listen 127.0.0.1:${port}; location / { return 200 "${'x'.repeat(1024)}"; } }`;
  return startNginx('upstream', folder, core, port, server);
}

/** Starts nginx as a bare hop to the upstream: keep-alive on both sides, nothing logged, nothing checked. */
export async function startHop(
  folder: string,
  core: number,
  port: number,
  upstreamPort: number,
): Promise<RunningNginx> {
  const server = `
    upstream app { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 100000000; }
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
      }
    }`;
  return startNginx('hop', folder, core, port, server);
}

async function startNginx(
  name: string,
  folder: string,
  core: number,
  port: number,
  server: string,
): Promise<RunningNginx> {
  const file = join(folder, `${name}.conf`);
  await writeFile(file, configuration(name, folder, server));
  const command = ['-c', String(core), 'nginx', '-c', file, '-p', folder, '-e', join(folder, `${name}-error.log`)];
  const child = spawn('taskset', command, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await accepting(port);
  if (child.pid === undefined) throw new Error('nginx did not start');
  return {
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function configuration(name: string, folder: string, server: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, `${name}-${kind}`)};`)
    .join('\n    ');
  return `daemon off;
worker_processes 1;
pid ${join(folder, `${name}.pid`)};
events { worker_connections 4096; }
http {
    access_log off;
    ${temporary}
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    large_client_header_buffers 8 64k;
    ${server}
}
`;
}

async function accepting(port: number): Promise<void> {
  const deadline = Date.now() + START_PATIENCE_MS;
  while (!(await isAccepting(port))) {
    if (Date.now() > deadline) throw new Error(`nginx does not listen on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isAccepting(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
