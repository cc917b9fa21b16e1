import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { resolve } from 'node:path';
import { check, type Expectation } from '../messages.ts';
import { systemCode, UserError } from '../errors.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { Answerer } from './answer.ts';
import { HostNames } from './host-names.ts';

export interface ServeOptions {
  /** Folder of the site. */
  site: string;
  /** First port to try, default 8080; if it is in use, the next free one is taken. 0 for any. */
  port?: number;
  /**
   * Address or name to listen on; by default only this machine can connect. Requests whose `Host` header names neither this
   * host nor this machine are refused.
   */
  host?: string;
  /** Lets pages of other origins read the site (CORS), as IIIF viewers elsewhere do; by default none can. */
  cors?: boolean;
}

/** A running server. */
export interface Serving {
  readonly url: string;
  close(): Promise<void>;
}

const PORT = 8080;
const PORTS_TRIED = 100;
/** An empty host would mean all addresses of the machine. */
const HOST: Expectation = {
  what: 'an address or a name',
  is: (host) => typeof host === 'string' && host.trim() === host && host !== '',
};
const PORTS: Expectation = {
  what: 'a whole number from 0 to 65535',
  is: (port) => Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65535,
};
/** Idle time after which a connection is closed, ms. */
const PATIENCE = 60_000;

/**
 * Serves a site over HTTP for viewing: GET and HEAD, range requests, and ETags that browsers revalidate each time, so that a
 * rebuilt site is never shown stale. Nothing outside the site is served, not even through a link. Requests under a foreign
 * host name (DNS rebinding) are refused.
 *
 * @throws {UserError} `usage` for a malformed host or port; `not-a-site`; `site` if it cannot listen on any port.
 */
export async function serve({ site, port = PORT, host = '127.0.0.1', cors = false }: ServeOptions): Promise<Serving> {
  check('host', host, HOST);
  check('port', port, PORTS);
  await readMosaicJson(site);
  const root = await realpath(resolve(site));
  const server = createServer();
  server.setTimeout(PATIENCE);
  const taken = await listen(server, port, host);
  const names = new HostNames(host, taken);
  const answerer = new Answerer(root, names, cors);
  server.on('request', (request, response) => void answerer.answer(request, response));
  return {
    url: `http://${names.own}/`,
    close: () =>
      new Promise((done, fail) => {
        server.close((error) => (error ? fail(error) : done()));
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, first: number, host: string): Promise<number> {
  for (let port = first; port <= Math.min(65535, first + PORTS_TRIED); port++) {
    try {
      await new Promise<void>((done, fail) => {
        server.once('error', fail);
        server.listen(port, host, () => {
          server.off('error', fail);
          done();
        });
      });
      const address = server.address();
      return typeof address === 'object' && address ? address.port : port;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EADDRINUSE') continue;
      const remedy = code === 'EACCES' ? 'Use a --port above 1023.' : 'Check --host and --port.';
      throw new UserError('site', `Cannot listen on ${host}:${port} (${code ?? String(error)})`, remedy, {
        cause: error,
      });
    }
  }
  throw new UserError('site', `No free port from ${first} on`, 'Choose another --port.');
}
