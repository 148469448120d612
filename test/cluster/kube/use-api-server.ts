import { after, before } from 'mocha';
import { type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts';
import { KubeUnavailable } from './build.ts';
import { installDefinitions, readDefinitions } from './objects.ts';

/** Time that a cold build may take. */
const START_MS = 15 * 60_000;

/**
 * Gives a suite an API server of its own, with our definitions installed. Where there can be none the suite is skipped and says why, unless
 * ENTRAGATE_CLUSTER_TESTS is `required`.
 */
export function useApiServer(options: ApiServerOptions): () => ApiServer {
  let server: ApiServer | null = null;
  before(async function () {
    this.timeout(START_MS);
    try {
      server = await startApiServer(options);
      await installDefinitions(server.admin, await readDefinitions());
    } catch (error) {
      if (!(error instanceof KubeUnavailable) || process.env.ENTRAGATE_CLUSTER_TESTS === 'required') throw error;
      console.log(error.message);
      this.skip();
    }
  });
  after(async () => server?.close());
  return () => {
    if (server === null) throw new Error('the API server of this suite is not running');
    return server;
  };
}
