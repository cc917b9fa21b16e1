import { once } from 'node:events';
import { realpath, stat } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { join, sep } from 'node:path';
import compression from 'compression';
import pLimit from 'p-limit';
import send from 'send';
import { systemCode } from '../errors.ts';
import type { HostNames } from './host-names.ts';
import { PAGE_FILE } from '../format/site-paths.ts';

/** Most files read at once: systems limit the number of open files. */
const AT_ONCE = 128;

/** Error codes of paths that lead to no file. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];

/** Compresses texts. A range counts bytes of the file itself, and so is sent as it is. */
const compress = compression({
  filter: (request, response) => request.headers.range === undefined && compression.filter(request, response),
});

/** Answers HTTP requests for the files of a site. */
export class Answerer {
  private readonly site: string;
  private readonly names: HostNames;
  private readonly isShared: boolean;
  private readonly limit = pLimit(AT_ONCE);

  /**
   * @param site real path of the site.
   * @param isShared lets pages of other origins read the site (CORS).
   */
  constructor(site: string, names: HostNames, isShared: boolean) {
    this.site = site;
    this.names = names;
    this.isShared = isShared;
  }

  /** Answers a request. Never rejects, and always ends the response. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = this.refusalOf(request);
      if (refusal) return end(response, refusal[0], { text: refusal[1] });
      await this.limit(() => this.sendFile(request, response));
    } catch {
      end(response, 500);
    }
  }

  private refusalOf({ method, url, headersDistinct }: IncomingMessage): [status: number, text?: string] | undefined {
    // With several Host headers, a proxy may have chosen another one than this server would (RFC 9112, 3.2).
    const [host, ...others] = headersDistinct['host'] ?? [];
    if (others.length > 0) return [400];
    if (host === undefined || !this.names.include(host)) {
      return [421, `This server answers as ${this.names.own}, and to no other name`];
    }
    if (method !== 'GET' && method !== 'HEAD') return [405];
    return url?.startsWith('/') ? undefined : [400];
  }

  private async sendFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.split(/[?#]/, 1)[0]!;
    const status = await this.statusOf(path);
    if (status !== 200) return end(response, status);
    // The client is gone: `close` would never be emitted again.
    if (response.destroyed) return;
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (this.isShared) response.setHeader('Access-Control-Allow-Origin', '*');
    compress(request as never, response as never, () => {});
    const closed = once(response, 'close');
    const stream = send(request, path, { root: this.site, dotfiles: 'deny', cacheControl: false });
    stream.on('headers', (to: ServerResponse) => to.setHeader('Cache-Control', 'no-cache'));
    stream.on('stream', (file: { readonly bytesRead: number } & NodeJS.ReadableStream) => {
      // If the file has shrunk, cut the connection: the client would wait for the rest.
      const length = Number(response.getHeader('Content-Length'));
      file.once('end', () => file.bytesRead < length && response.destroy());
    });
    stream.on('error', (error: Error & { status?: number; headers?: Record<string, string> }) => {
      end(response, error.status ?? 500, { headers: error.headers });
    });
    stream.pipe(response);
    await closed;
  }

  /** Tells whether a URL's path leads to a file or folder within the site. `send` handles dots, but follows links. */
  private async statusOf(path: string): Promise<200 | 400 | 404 | 500> {
    let decoded: string;
    try {
      decoded = decodeURIComponent(path);
    } catch {
      return 400;
    }
    if (decoded.includes('\0')) return 400;
    try {
      const file = await realpath(join(this.site, decoded, path.endsWith('/') ? PAGE_FILE : ''));
      if (!`${file}${sep}`.startsWith(`${this.site}${sep}`)) return 404;
      const found = await stat(file);
      // Opening a pipe would block until somebody writes to it.
      return found.isFile() || found.isDirectory() ? 200 : 404;
    } catch (error) {
      return NOT_THERE.includes(systemCode(error) ?? '') ? 404 : 500;
    }
  }
}

/** Text of a response, by default that of its status, and its headers. */
interface Ending {
  readonly text?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Ends a response with a status. A response under way is cut off, so that no client takes it for complete. */
function end(
  response: ServerResponse,
  status: number,
  { text = STATUS_CODES[status] ?? 'Error', headers = {} }: Ending = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  if (status === 405) response.setHeader('Allow', 'GET, HEAD');
  response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
