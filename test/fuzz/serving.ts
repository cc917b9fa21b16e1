import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { serve } from '../../src/serve/serve.ts';
import { HostNames } from '../../src/serve/host-names.ts';
import { MOSAICS } from './formats.ts';
import { expectThat, prepared, type Target } from './target.ts';

const SECRET = 'secret-Zq7xVw';
const TILE = 'tile-of-the-site';
const ANSWERS = [200, 206, 301, 304, 400, 404, 405, 403, 412, 416, 421, 431];

const joined = (all: readonly string[], maxLength: number) =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...all) },
        { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
      ),
      { maxLength },
    )
    .map((some) => some.join(''));

const url = joined(
  [
    ...[
      '/',
      'index.html',
      'mosaic.json',
      'tiles/0/0.jpg',
      'tiles',
      '..',
      '../',
      '%2e%2e',
      '%2f',
      '%5c',
      '\\',
      '%00',
      '%',
      '%ff',
      '?',
      '#',
    ],
    ...[
      'out/secret.txt',
      'loop',
      'pipe',
      'gone',
      '.hidden',
      'secret.txt',
      '//',
      'http://evil.test/',
      '*',
      'x'.repeat(3000),
      ' ',
      'é',
    ],
  ],
  6,
);
const host = joined(
  [
    '127.0.0.1',
    'localhost',
    '[::1]',
    ':PORT',
    ':',
    '80',
    'evil.test',
    '.',
    '@',
    '/',
    '\t',
    '0x7f.1',
    '127.1',
    '[',
    ']',
    'x'.repeat(2000),
  ],
  4,
);
const range = joined(
  ['bytes=', '0-', '-1', '0-0', ',', '99999999999999999999', '5-2', 'items=', ' ', '-', '0-3'.repeat(500)],
  6,
);
const header = fc.oneof(
  range.map((value) => `Range: ${value}`),
  joined(['"x"', '*', 'W/', ',', 'Thu, 01 Jan 1970 00:00:00 GMT', 'never'], 3).map(
    (value) => `If-None-Match: ${value}`,
  ),
  joined(['"x"', 'Thu, 01 Jan 2170 00:00:00 GMT', 'never'], 2).map((value) => `If-Range: ${value}`),
  joined(['a', ':', ' ', '\0', 'é'], 6),
);
const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'get', 'OPTIONS', 'CONNECT', 'G T', ''),
  url: fc.oneof(
    url,
    url.map((path) => `/${path}`),
  ),
  host: fc.oneof(fc.constant('127.0.0.1:PORT'), fc.constant('127.0.0.1:PORT'), host),
  headers: fc.array(header, { maxLength: 3 }),
});

/** All that a server answers to what was sent, until it ends the connection. */
function ask(port: number, text: string): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (part) => parts.push(part));
    // A server may close while we still write.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code ? done(String(Buffer.concat(parts))) : fail(error),
    );
    socket.on('close', () => done(String(Buffer.concat(parts))));
    socket.write(text, 'latin1');
  });
}

export const SERVE_TARGETS: readonly Target[] = [
  {
    name: 'requests',
    share: 4,
    prepare: async (root) => {
      const site = join(root, 'site');
      mkdirSync(join(site, 'tiles/0'), { recursive: true });
      mkdirSync(join(root, 'elsewhere'));
      writeFileSync(join(root, 'elsewhere/secret.txt'), SECRET);
      writeFileSync(join(root, 'secret.txt'), SECRET);
      writeFileSync(join(site, '.hidden'), SECRET);
      symlinkSync(join(root, 'elsewhere'), join(site, 'out'));
      symlinkSync('loop', join(site, 'loop'));
      symlinkSync('nowhere', join(site, 'gone'));
      for (const [path, text] of [
        ['index.html', '<p>'],
        ['mosaic.json', JSON.stringify(MOSAICS[0])],
        ['tiles/0/0.jpg', TILE],
      ] as const) {
        writeFileSync(join(site, path), text);
      }
      const serving = await serve({ site, port: 0 });
      const port = Number(new URL(serving.url).port);
      const check = async ({
        method,
        url: path,
        host: named,
        headers,
      }: {
        method: string;
        url: string;
        host: string;
        headers: string[];
      }) => {
        const lines = [
          `${method} ${path} HTTP/1.1`,
          `Host: ${named.replaceAll('PORT', String(port))}`,
          ...headers,
          'Connection: close',
        ];
        const answer = await ask(port, `${lines.join('\r\n')}\r\n\r\n`);
        // An empty answer: the connection was cut off, as a CONNECT's is.
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 400);
        expectThat(ANSWERS.includes(status), `${status} is an answer`);
        expectThat(!answer.includes(SECRET), 'nothing is served but the site');
        if (status === 200 && method === 'GET')
          expectThat(/127\.|localhost|\[::1\]|0x7f/i.test(named), 'other hosts are not answered');
      };
      return prepared(request, check, async () => {
        const answer = await ask(
          port,
          `GET /tiles/0/0.jpg HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
        );
        await serving.close();
        expectThat(answer.endsWith(TILE), 'a server still answers');
      });
    },
  },
  {
    name: 'host names',
    share: 4,
    prepare: async () => {
      const names = new HostNames('127.0.0.1', 8080);
      const text = joined(
        [
          '127.0.0.1',
          'localhost',
          '[::1]',
          ':8080',
          ':',
          '8080',
          'evil.test',
          '.',
          '@',
          '/',
          '0x7f.1',
          '127.1',
          '2130706433',
          '[',
          ']',
          '[::ffff:7f00:1]',
          '\0',
          'x'.repeat(30_000),
        ],
        5,
      );
      return prepared(text, (name) => {
        if (!names.include(name)) return;
        const { hostname, port } = new URL(`http://${name}`);
        expectThat(
          ['127.0.0.1', 'localhost', 'localhost.', '[::1]'].includes(hostname) && port === '8080',
          'a name that is answered is this machine',
        );
      });
    },
  },
];
