import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, type Serving } from '../src/index.ts';
import { soundMosaic } from './mosaics.ts';
import { temporaryFolder } from './temporary-folder.ts';

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

/** A request with its path as it is: `fetch` would tidy it up. */
function raw(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((done, fail) => {
    const { hostname, port } = new URL(serving.url);
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', fail);
    asked.end();
  });
}

describe('serve', () => {
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
    ['bytes=20-', 416, 'Range not satisfiable\n', 'bytes */10'],
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
    '/%E0%A4%A',
    '/no/such',
  ])('serves nothing outside the site: %s', async (path) => {
    const { status, body } = await raw(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toContain('outside');
    expect(body).not.toContain('hidden');
  });

  test('only reads', async () => {
    expect(await raw('/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
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
    await writeFile(join(future, 'mosaic.json'), JSON.stringify({ ...soundMosaic(), version: 4 }));
    await expect(serve({ site: future })).rejects.toThrow('Expected version 3 of mosaic.json but received 4');
  });
});
