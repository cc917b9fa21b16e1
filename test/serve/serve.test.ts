import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { Agent, createServer, get, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { serve, type Serving } from '../../src/index.ts';
import { soundMosaic } from '../helpers/mosaics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let serving: Serving;
beforeAll(async () => {
  root = await temporaryFolder();
  const site = join(root, 'site');
  await mkdir(join(site, 'tiles'), { recursive: true });
  await writeFile(join(site, 'mosaic.json'), JSON.stringify(soundMosaic()));
  await writeFile(join(site, 'index.html'), '<p>page</p>');
  await writeFile(join(site, 'tiles/0.jpg'), '0123456789');
  await writeFile(join(site, '.secret'), 'hidden');
  await writeFile(join(root, 'secret.txt'), 'outside');
  await symlink(join(root, 'secret.txt'), join(site, 'leak.txt'));
  serving = await serve({ site, port: 0 });
});
afterAll(async () => {
  await serving.close();
});

/** A request with its path as it is: `fetch` would tidy it up. Fails if the answer is not whole. */
function raw(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET', agent?: Agent) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((done, fail) => {
    const { hostname: host, port } = new URL(serving.url);
    const asked = request({ host, port, path, method, headers, ...(agent && { agent }) }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('error', fail);
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', fail);
    asked.end();
  });
}

describe('serve', () => {
  test('compresses texts where a client takes that, and neither pictures nor ranges', async () => {
    const text = 'cells '.repeat(1000);
    await writeFile(join(root, 'site/long.js'), text);
    const answer = async (path: string, headers: Record<string, string>) => {
      const { headers: told, body } = await raw(path, headers);
      return [told['content-encoding'], body.length];
    };
    const gzip = { 'Accept-Encoding': 'gzip' };
    const [encoding, length] = await answer('/long.js', gzip);
    expect(encoding).toBe('gzip');
    expect(length).toBeLessThan(500);
    expect(await (await fetch(`${serving.url}long.js`)).text()).toBe(text);
    expect(await answer('/long.js', {})).toEqual([undefined, text.length]);
    expect(await answer('/long.js', { ...gzip, Range: 'bytes=0-99' })).toEqual([undefined, 100]);
    expect(await answer('/tiles/0.jpg', gzip)).toEqual([undefined, 10]);
  });

  test('lets pages of other origins read the site only if it is told to', async () => {
    const origin = { Origin: 'https://a.example' };
    expect((await raw('/', origin)).headers).not.toHaveProperty('access-control-allow-origin');
    const shared = await serve({ site: join(root, 'site'), port: 0, cors: true });
    const { headers } = await fetch(`${shared.url}mosaic.json`, { headers: origin });
    await shared.close();
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  test('listens on this machine alone', () => {
    expect(serving.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  test('serves pages and tiles with types, and asks about them anew', async () => {
    const page = await raw('/');
    expect(page).toMatchObject({ status: 200, body: '<p>page</p>' });
    expect(page.headers['content-type']).toMatch(/text\/html/);
    const tile = await raw('/tiles/0.jpg');
    expect(tile.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'cache-control': 'no-cache',
      'accept-ranges': 'bytes',
    });
    expect(await raw('/tiles/0.jpg', { 'If-None-Match': tile.headers['etag'] as string })).toMatchObject({
      status: 304,
      body: '',
    });
    expect(await raw('/tiles/0.jpg', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=20-', 416, 'Range Not Satisfiable\n', 'bytes */10'],
  ])('serves ranges: %s', async (range, status, body, contentRange) => {
    const part = await raw('/tiles/0.jpg', { Range: range });
    expect([part.status, part.body, part.headers['content-range']]).toEqual([status, body, contentRange]);
  });

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/tiles/../../secret.txt',
    '//secret.txt',
    '/leak.txt',
    '/.secret',
    '/%00',
    '/tiles/0.jpg%00.png',
    '/%E0%A4%A',
    '/%',
    '/tiles/0.jpg/index.html',
    `/${'x'.repeat(5000)}`,
    'http://127.0.0.1/../secret.txt',
    '/no/such',
  ])('serves nothing outside the site: %s', async (path) => {
    const { status, body } = await raw(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toContain('outside');
    expect(body).not.toContain('hidden');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH'])('only reads: %s', async (method) => {
    expect(await raw('/', {}, method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  test.each([
    'evil.example:PORT',
    'evil.example',
    '127.0.0.1.evil.example:PORT',
    'localhost.evil.example:PORT',
    'evil.example#localhost:PORT',
    'localhost:PORT@evil.example:PORT',
    'localhost:1',
    'localhost',
    '[::2]:PORT',
    '192.168.0.1:PORT',
    ':PORT',
  ])('answers to no other name: %s', async (name) => {
    const { status, body } = await raw('/', { Host: name.replace('PORT', new URL(serving.url).port) });
    expect([status, body]).toEqual([421, expect.stringMatching(/^This server answers as 127\.0\.0\.1:\d+,/)]);
  });

  test.each(['localhost:PORT', 'LOCALHOST:PORT', 'localhost.:PORT', '127.0.0.1:PORT', '[::1]:PORT'])(
    'answers to its own names: %s',
    async (name) => {
      const { status } = await raw('/', { Host: name.replace('PORT', new URL(serving.url).port) });
      expect(status).toBe(200);
    },
  );

  test.each([
    ['names no host', 'GET / HTTP/1.0\r\n\r\n', 421],
    ['names two', 'GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil.test\r\nConnection: close\r\n\r\n', 400],
  ])('answers nobody who %s', async (_, asked, status) => {
    const { port } = new URL(serving.url);
    const text = await new Promise<string>((done, fail) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(asked.replace('PORT', port)));
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('end', () => done(answer));
      socket.on('error', fail);
    });
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('answers to the names of the machine, if it listens on all its addresses', async () => {
    const all = await serve({ site: join(root, 'site'), port: 0, host: '0.0.0.0' });
    const { port } = new URL(all.url);
    const own = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
    const address = own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    const status = async (host: string) =>
      await new Promise((done, fail) => {
        get({ port, host: '127.0.0.1', headers: { Host: `${host}:${port}` } }, (response) => {
          response.resume();
          done(response.statusCode);
        }).on('error', fail);
      });
    expect(await status('evil.example')).toBe(421);
    expect(await status('192.0.2.1')).toBe(421);
    for (const name of ['localhost', '0.0.0.0', hostname(), ...(address ? [address] : [])]) {
      expect(await status(name), name).toBe(200);
    }
    await all.close();
  });

  test.each([
    [{ host: '' }, "--host but received ''"],
    [{ host: ' ' }, '--host'],
    [{ port: -1 }, '--port but received -1'],
    [{ port: 65536 }, '--port but received 65536'],
    [{ port: 80.5 }, '--port but received 80.5'],
  ])('refuses %j', async (options, message) => {
    await expect(serve({ site: join(root, 'site'), ...options })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message) as string,
    });
  });

  test('takes the next free port', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as { port: number };
    const next = await serve({ site: join(root, 'site'), port });
    expect(Number(new URL(next.url).port)).toBeGreaterThan(port);
    await next.close();
    other.close();
  });

  test('serves only mosaics', async () => {
    await expect(serve({ site: root })).rejects.toMatchObject({ code: 'not-a-site' });
    const future = join(root, 'future');
    await mkdir(future);
    await writeFile(join(future, 'mosaic.json'), JSON.stringify({ ...soundMosaic(), version: 5 }));
    await expect(serve({ site: future })).rejects.toThrow('Expected version 4 of mosaic.json but received 5');
  });
});

describe('whatever becomes of a file or a client, serve', () => {
  const LARGE = 8_000_000;
  /** Serves on. */
  const isWell = async () => expect(await raw('/tiles/0.jpg')).toMatchObject({ status: 200, body: '0123456789' });

  /** Has the next file be read by another stream. */
  function nextFile(stream: () => Readable): void {
    const replaced = vi.spyOn(fs, 'createReadStream').mockImplementationOnce(() => {
      replaced.mockRestore();
      return stream() as fs.ReadStream;
    });
  }

  test('says so if one may not be read', async () => {
    nextFile(() => {
      const stream = new Readable({ read() {} });
      setImmediate(() => stream.destroy(Object.assign(new Error('no'), { code: 'EACCES' })));
      return stream;
    });
    expect(await raw('/tiles/0.jpg')).toMatchObject({ status: 500, body: 'Internal Server Error\n' });
    await isWell();
  });

  test('breaks off if the disk fails midway', async () => {
    await writeFile(join(root, 'site/large.jpg'), Buffer.alloc(LARGE));
    nextFile(() => {
      let sent = 0;
      return new Readable({
        read() {
          if (sent++ < 3) this.push(Buffer.alloc(65_536));
          else this.destroy(Object.assign(new Error('no'), { code: 'EIO' }));
        },
      });
    });
    await expect(raw('/large.jpg')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await isWell();
  });

  test('breaks off if one becomes shorter midway', async () => {
    await writeFile(join(root, 'site/large.jpg'), Buffer.alloc(LARGE));
    const { port } = new URL(serving.url);
    const ended = await new Promise((done) => {
      const asked = get({ port, host: '127.0.0.1', path: '/large.jpg' }, (response) => {
        response.once('readable', () => {
          void truncate(join(root, 'site/large.jpg'), 10).then(() => response.resume());
        });
        response.on('error', done);
        response.on('end', () => done('whole'));
      });
      asked.on('error', done);
    });
    expect(ended).toMatchObject({ code: 'ECONNRESET' });
    await isWell();
  });

  test.skipIf(process.platform === 'win32')('waits for no pipe', async () => {
    execFileSync('mkfifo', [join(root, 'site/pipe.jpg')]);
    // As many as there are threads that open files, and more.
    const answers = await Promise.all(Array.from({ length: 12 }, () => raw('/pipe.jpg')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    await isWell();
  });

  test('goes on after clients that go away', async () => {
    await writeFile(join(root, 'site/large.jpg'), Buffer.alloc(LARGE));
    const { port } = new URL(serving.url);
    const left = Array.from(
      { length: 200 },
      (_, i) =>
        new Promise<void>((done) => {
          const asked = get({ port, host: '127.0.0.1', path: '/large.jpg', agent: false }, (response) => {
            response.once('readable', () => asked.destroy());
            response.on('error', () => {});
          });
          asked.on('error', () => {});
          asked.on('close', () => done());
          if (i % 2) setImmediate(() => asked.destroy());
        }),
    );
    await Promise.all(left);
    await isWell();
  });

  test.each([10_000, 1000])('survives %i ranges in one request', async (count) => {
    const ranges = Array.from({ length: count }, (_, i) => `${i % 10}-${i % 10}`).join(',');
    const { status } = await raw('/tiles/0.jpg', { Range: `bytes=${ranges}` });
    // More than Node takes as a header; and what together is the whole.
    expect(status).toBe(count > 2000 ? 431 : 206);
    await isWell();
  });

  test('survives thousands of ranges at once', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 500 });
    const asked = Array.from({ length: 3000 }, (_, i) =>
      raw('/tiles/0.jpg', { Range: `bytes=${i % 9}-9` }, 'GET', agent),
    );
    for (const [i, answer] of (await Promise.all(asked)).entries()) {
      if (answer.status !== 206 || answer.body !== '0123456789'.slice(i % 9)) expect(answer).toBe('the range');
    }
    agent.destroy();
  });
});
