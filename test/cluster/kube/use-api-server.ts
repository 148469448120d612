import { after, before } from 'mocha';
import { type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts';
import { kubeProgram } from './build.ts';
import { installDefinitions, readDefinitions } from './objects.ts';
import { orSkip } from './or-skip.ts';

/** Gives a suite an API server of its own, with our definitions installed. */
export function useApiServer(options: ApiServerOptions): () => ApiServer {
  const server = useBareApiServer(options);
  before(async () => installDefinitions(server().admin, await readDefinitions()));
  return server;
}

/** The same as it comes, without any definition of ours. */
export function useBareApiServer(options: ApiServerOptions): () => ApiServer {
  let server: ApiServer | null = null;
  before(async function () {
    server = await orSkip(this, () => startApiServer(options));
  });
  after(async () => server?.close());
  return () => {
    if (server === null) throw new Error('the API server of this suite is not running');
    return server;
  };
}

/** Says at once that a suite can not run where there is no helm or no kubectl. */
export function usePrograms(): void {
  before(async function () {
    await orSkip(this, () => Promise.all([kubeProgram('helm', 'allowed'), kubeProgram('kubectl', 'allowed')]));
  });
}
