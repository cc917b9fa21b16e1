import { once } from 'node:events';
import { realpath, stat } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { join, sep } from 'node:path';
import pLimit from 'p-limit';
import send from 'send';
import { systemCode } from '../errors.ts';
import type { HostNames } from './host-names.ts';

/** Files that are read at the same time; systems allow but so many to be open. */
const AT_ONCE = 128;

/** Codes of a path that leads to no file. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];

/** Answers requests for the files of a site. */
export class Answerer {
  private readonly site: string;
  private readonly names: HostNames;
  private readonly limit = pLimit(AT_ONCE);

  /** @param site the site's real path. */
  constructor(site: string, names: HostNames) {
    this.site = site;
    this.names = names;
  }

  /** Answers a request; never fails, and leaves no client waiting. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = this.refusalOf(request);
      if (refusal) return end(response, ...refusal);
      await this.limit(() => this.sendFile(request, response));
    } catch {
      end(response, 500);
    }
  }

  private refusalOf({ method, url, headersDistinct }: IncomingMessage): [status: number, text?: string] | undefined {
    // Of several, who stands between may have gone by another than we (RFC 9112, 3.2).
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
    // Of a client that has gone meanwhile, nothing is heard any more.
    if (response.destroyed) return;
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const closed = once(response, 'close');
    const stream = send(request, path, { root: this.site, dotfiles: 'deny', cacheControl: false });
    stream.on('headers', (to: ServerResponse) => to.setHeader('Cache-Control', 'no-cache'));
    stream.on('stream', (file: { readonly bytesRead: number } & NodeJS.ReadableStream) => {
      // Of a file that has become shorter, the rest would be waited for.
      const length = Number(response.getHeader('Content-Length'));
      file.once('end', () => file.bytesRead < length && response.destroy());
    });
    stream.on('error', (error: Error & { status?: number; headers?: Record<string, string> }) => {
      end(response, error.status ?? 500, undefined, error.headers);
    });
    stream.pipe(response);
    await closed;
  }

  /** Whether a path of a URL leads to a file or folder within the site; `send` sees to dots, but follows links. */
  private async statusOf(path: string): Promise<200 | 400 | 404 | 500> {
    let decoded: string;
    try {
      decoded = decodeURIComponent(path);
    } catch {
      return 400;
    }
    if (decoded.includes('\0')) return 400;
    try {
      const file = await realpath(join(this.site, decoded, path.endsWith('/') ? 'index.html' : ''));
      if (!`${file}${sep}`.startsWith(`${this.site}${sep}`)) return 404;
      const found = await stat(file);
      // To open a pipe is to wait for somebody to write into it.
      return found.isFile() || found.isDirectory() ? 200 : 404;
    } catch (error) {
      return NOT_THERE.includes(systemCode(error) ?? '') ? 404 : 500;
    }
  }
}

/** Ends a response with a status; one that is under way is cut off, so that no one takes it for whole. */
function end(
  response: ServerResponse,
  status: number,
  text = STATUS_CODES[status] ?? 'Error',
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  if (status === 405) response.setHeader('Allow', 'GET, HEAD');
  response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
