/** What tests use of development dependencies that come without types. */
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';

  interface ProxyServer {
    web(request: IncomingMessage, response: ServerResponse): void;
  }
  const httpProxy: {
    createProxyServer(options: { readonly target: string; readonly agent: Agent }): ProxyServer;
  };
  export = httpProxy;
}
