import { realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join, resolve, sep } from 'node:path';
import send from 'send';
import { systemCode, UserError } from './errors.ts';
import { check } from './expect.ts';
import { readMosaicJson } from './site/read-site.ts';

export interface ServeOptions {
  /** Folder of the site. */
  site: string;
  /** First port to try; the next free one is taken if it is in use. 0 for any. */
  port?: number;
  /** Address to listen on; by default only this machine can connect. */
  host?: string;
}

/** A server that is running. */
export interface Serving {
  readonly url: string;
  close(): Promise<void>;
}

const PORT = 8080;
const PORTS_TRIED = 100;

/**
 * Serves a site over HTTP for looking at it: GET and HEAD, ranges, and ETags that are asked about each time, so that a
 * rebuilt site is never shown stale. Nothing outside the site is served, not even through a link.
 *
 * @throws {UserError} `usage`; `not-a-site`, or `site` if no port can be had.
 */
export async function serve({ site, port = PORT, host = '127.0.0.1' }: ServeOptions): Promise<Serving> {
  check('port', 'a whole number from 0 to 65535', port, Number.isInteger(port) && port >= 0 && port <= 65535);
  await readMosaicJson(site);
  const root = await realpath(resolve(site));
  const server = createServer((request, response) => void answer(root, request, response));
  const taken = await listen(server, port, host);
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${taken}/`,
    close: () =>
      new Promise((done, fail) => {
        server.close((error) => (error ? fail(error) : done()));
        server.closeAllConnections();
      }),
  };
}

/** Answers a request; never fails. `site` is the site's real path. */
async function answer(site: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const end = (status: number, text: string) => {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return end(405, 'Method not allowed');
  }
  const path = (request.url ?? '/').split(/[?#]/, 1)[0]!;
  if (await leadsOut(site, path)) return end(404, 'Not found');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  const stream = send(request, path, { root: site, dotfiles: 'deny', cacheControl: false });
  stream.on('headers', (to: ServerResponse) => to.setHeader('Cache-Control', 'no-cache'));
  stream.on('error', (error: Error & { status?: number; headers?: Record<string, string> }) => {
    for (const [header, value] of Object.entries(error.headers ?? {})) response.setHeader(header, value);
    end(error.status ?? 500, error.status === 416 ? 'Range not satisfiable' : 'Not found');
  });
  stream.pipe(response);
}

/** Whether a path of a URL is that of something outside the site; `send` sees to dots, but follows links. */
async function leadsOut(site: string, path: string): Promise<boolean> {
  try {
    const file = join(site, decodeURIComponent(path), path.endsWith('/') ? 'index.html' : '');
    return !`${await realpath(file)}${sep}`.startsWith(`${site}${sep}`);
  } catch {
    return false; // There is no such file, and `send` will say so.
  }
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
