import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Decoders } from '../../src/decoding/decoders.ts';
import type { Decoded, DecodersOptions } from '../../src/decoding/jobs.ts';
import { DecoderCrash, DecoderHang, TooMuchMemory } from '../../src/image/failures.ts';
import { sharp } from '../../src/image/sharp.ts';
import { UserError } from '../../src/index.ts';
import { workerModule } from '../../src/threads/pool.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let module: URL;
let open: Decoders[] = [];

/** A decoder that does as files tell it to. */
const DECODER = `
  import { closeSync, openSync, statSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  import { answerJobs } from ${JSON.stringify(workerModule('../decoding/thread', import.meta.resolve('../../src/decoding/x.ts')).href)};
  /** True to the first who asks. */
  const first = (path) => {
    try {
      closeSync(openSync(path, 'wx'));
      return true;
    } catch {
      return false;
    }
  };
  const crash = () => { process.kill(process.pid, 'SIGSEGV'); return setTimeout(10_000); };
  const held = [];
  answerJobs(async (input, task, admit) => {
    const [what, ...rest] = (typeof input === 'string' ? String(statSync(input).size) : Buffer.from(input).toString()).split(' ');
    await admit(Number(task?.need ?? 0), 1);
    if (what === 'crash') await crash();
    if (what === 'crash-once' && first(rest[0])) await crash();
    if (what === 'crash-thrice' && [1, 2, 3].some((n) => first(rest[0] + n))) await crash();
    if (what === 'hang') for (;;);
    if (what === 'hang-once' && first(rest[0])) for (;;);
    if (what === 'eat') for (;;) { held.push(Buffer.alloc(2 ** 24, 1)); await setTimeout(1); }
    if (what === 'throw') throw Object.assign(new Error(rest.join(' ')), task);
    if (what === 'throw-once' && first(rest[0])) throw Object.assign(new Error('for now'), task);
    if (what === 'die') setImmediate(() => { throw new Error('thread'); }), await setTimeout(1000);
    if (what === 'slow') await setTimeout(Number(rest[0]));
    if (what === 'pid') return { result: process.pid, views: [] };
    if (what === 'env') return { result: process.env.UV_THREADPOOL_SIZE, views: [] };
    const bytes = new Uint8Array(3).fill(7);
    return { result: { what, bytes }, views: [bytes] };
  });
`;

beforeAll(async () => {
  root = await temporaryFolder();
  const path = join(root, 'decoder.mjs');
  await writeFile(path, DECODER);
  module = pathToFileURL(path);
});
afterEach(async () => {
  await Promise.all(open.map((decoders) => decoders.close()));
  open = [];
});

function start(options: Partial<DecodersOptions> = {}): Decoders {
  const decoders = new Decoders({ module, threads: 2, patience: 1500, ...options });
  open.push(decoders);
  return decoders;
}

let written = 0;
/** Has a file of that content decoded. */
async function run<Result = { what: string; bytes: Uint8Array }>(
  decoders: Decoders,
  content: string,
  task: object = {},
  wanted: (hash: string) => boolean = () => true,
): Promise<Decoded<Result>> {
  const path = join(root, `${written++}`);
  await writeFile(path, content);
  return await decoders.run<Result>({ path, size: content.length, task, wanted });
}

const outcome = async (promise: Promise<Decoded<unknown>>) =>
  await promise.then(
    ({ result }) => (result as { what: string }).what,
    (error: unknown) => error,
  );

/** Processes of decoders that have not ended. */
function processes(): number[] {
  const all = execFileSync('ps', ['-eo', 'pid,args']).toString().split('\n');
  return all.filter((line) => line.includes(module.href)).map((line) => Number.parseInt(line));
}

describe('decoders that are kept once they are closed', () => {
  const pidOf = async (decoders: Decoders) => (await run<number>(decoders, 'pid')).result!;
  beforeAll(async () => {
    // The first of a program is not kept.
    const first = start({ keep: true });
    await pidOf(first);
    await first.close();
  });

  test('work for the next who needs the same, and for nobody else', async () => {
    const first = start({ keep: true });
    const pid = await pidOf(first);
    await first.close();
    await first.close();
    expect(processes()).toEqual([pid]);
    // With as many threads and as much patience as the next has.
    const [second, third] = [start({ keep: true, threads: 1, patience: 300 }), start({ keep: true })];
    expect(await pidOf(second)).toBe(pid);
    const old = await pidOf(third);
    expect(old).not.toBe(pid);
    expect((await run(second, 'fine')).result!.what).toBe('fine');
    await expect(run(second, 'hang')).rejects.toThrow(DecoderHang);
    await second.close();
    process.env['ZOOMOSAIC_TEST'] = 'another environment';
    try {
      await third.close();
      const later = start({ keep: true });
      expect(await pidOf(later)).not.toBe(old);
    } finally {
      delete process.env['ZOOMOSAIC_TEST'];
    }
  });

  test('of what they were at when they were closed, nothing is kept', async () => {
    const decoders = start({ keep: true });
    const pid = await pidOf(decoders);
    let begun = () => {};
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const slow = outcome(run(decoders, 'slow 20000', {}, () => (begun(), true)));
    await underWay;
    await decoders.close(new Error('enough'));
    expect(await slow).toMatchObject({ message: 'enough' });
    expect(processes()).not.toContain(pid);
  });

  test('keep no program from ending, and end with it', async () => {
    const path = join(root, 'program.mjs');
    const decoders = workerModule('../decoding/decoders', import.meta.resolve('../../src/decoding/x.ts')).href;
    await writeFile(join(root, 'one'), 'pid');
    await writeFile(
      path,
      `import { Decoders } from ${JSON.stringify(decoders)};
       for (const name of ['first', 'second', 'third']) {
         const decoders = new Decoders({ module: new URL(${JSON.stringify(module.href)}), threads: 1, keep: true });
         const { result } = await decoders.run({ path: ${JSON.stringify(join(root, 'one'))}, size: 3, task: {}, wanted: () => true });
         await decoders.close();
         console.log(result);
       }`,
    );
    const began = performance.now();
    const [first, second, third] = execFileSync(process.execPath, [path]).toString().trim().split('\n').map(Number);
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    while (processes().some((pid) => pid === first || pid === second)) {
      expect(performance.now() - began).toBeLessThan(60_000);
      await setTimeout(20);
    }
  });
});

describe('decoders', () => {
  test('answer with what the threads make of a file, and its hash', async () => {
    const decoders = start();
    const { hash, result } = await run(decoders, 'fine');
    expect(result).toEqual({ what: 'fine', bytes: Uint8Array.of(7, 7, 7) });
    expect(hash).toBe(createHash('sha256').update('fine').digest('hex'));
    // What is known by its hash is not decoded; what is not to be hashed is decoded by its path.
    expect(await run(decoders, 'crash', {}, (own) => own.length !== 64)).toEqual({
      hash: createHash('sha256').update('crash').digest('hex'),
    });
    const path = join(root, 'unseen');
    await writeFile(path, 'four');
    expect((await decoders.run<{ what: string }>({ path, size: 4, task: {} })).result!.what).toBe('4');
    // Decoders share libuv's threads with each other and with reading.
    expect(Number((await run<string>(start({ threads: 9 }), 'env')).result)).toBeGreaterThanOrEqual(11);
  });

  test('keep an image that was not what they died of, although they had it alone', async () => {
    const decoders = start({ threads: 1 });
    const path = join(root, 'killed');
    expect(await outcome(run(decoders, `crash-thrice ${path}`))).toBe('crash-thrice');
  });

  test('lose an image that crashes them, and no other', async () => {
    const decoders = start({ threads: 3 });
    const contents = ['a', 'crash', 'b', 'c', 'crash', 'd', 'e', 'f'];
    const outcomes = await Promise.all(contents.map((content) => outcome(run(decoders, content))));
    for (const [i, content] of contents.entries()) {
      if (content === 'crash') expect(outcomes[i], `${i}`).toBeInstanceOf(DecoderCrash);
      else expect(outcomes[i]).toBe(content);
    }
  });

  test('lose no image that something else crashed them at', async () => {
    const once = `crash-once ${join(root, 'crashed')}`;
    const asked: string[] = [];
    const decoders = start();
    const wanted = (hash: string) => asked.push(hash) > 0;
    const outcomes = [once, 'slow 100', 'fine'].map((content) => outcome(run(decoders, content, {}, wanted)));
    expect(await Promise.all(outcomes)).toEqual(['crash-once', 'slow', 'fine']);
    // Who has said that an image is wanted is not asked again.
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('lose an image that hangs them, and no other', async () => {
    const decoders = start();
    const once = `hang-once ${join(root, 'hung')}`;
    const outcomes = await Promise.all(['a', 'hang', once, 'b'].map((content) => outcome(run(decoders, content))));
    expect(outcomes[1]).toBeInstanceOf(DecoderHang);
    expect([outcomes[0], outcomes[2], outcomes[3]]).toEqual(['a', 'hang-once', 'b']);
  });

  test('wait for images that wait for others', async () => {
    const decoders = start({ threads: 4, patience: 2000 });
    const big = { need: 250 * 2 ** 20 };
    // They are decoded one after the other, since they take much memory; each in time.
    const outcomes = [900, 901, 902, 903].map((ms) => outcome(run(decoders, `slow ${ms}`, big)));
    expect(await Promise.all(outcomes)).toEqual(['slow', 'slow', 'slow', 'slow']);
  });

  test('lose an image that takes all memory', { timeout: 90_000 }, async () => {
    const decoders = start({ patience: 30_000 });
    const outcomes = await Promise.all(['a', 'eat', 'b'].map((content) => outcome(run(decoders, content))));
    expect(outcomes[1]).toBeInstanceOf(TooMuchMemory);
    expect([outcomes[0], outcomes[2]]).toEqual(['a', 'b']);
  });

  test('ask an image that fails among others again, alone: libraries have one text of errors for all threads', async () => {
    const [a, b] = [join(root, 'doubtful-a'), join(root, 'doubtful-b')];
    const decoders = start();
    const outcomes = [run(decoders, 'slow 100'), run(decoders, `throw-once ${a}`), run(decoders, 'fine')].map(outcome);
    expect(await Promise.all(outcomes)).toEqual(['slow', 'throw-once', 'fine']);
    await expect(run(start({ threads: 1 }), `throw-once ${b}`)).rejects.toThrow('for now');
  });

  test('tell what a thread throws, with its code; a thread that dies costs its image', async () => {
    const decoders = start();
    await expect(run(decoders, 'throw it is no image')).rejects.toThrow('it is no image');
    await expect(run(decoders, 'throw no', { code: 'EACCES' })).rejects.toMatchObject({ code: 'EACCES' });
    await expect(run(decoders, 'die')).rejects.toThrow('thread');
    expect(await outcome(run(decoders, 'fine'))).toBe('fine');
    const gone = decoders.run({ path: join(root, 'nowhere'), size: 1, task: {}, wanted: () => true });
    await expect(gone).rejects.toMatchObject({ code: 'ENOENT' });
    const folder = decoders.run({ path: root, size: 1, task: {}, wanted: () => true });
    await expect(folder).rejects.toMatchObject({ code: 'EISDIR' });
  });

  test.each([
    ['EIO', {}],
    ['EMFILE', {}],
    ['ENOMEM', {}],
    ['Unknown system error -116', {}],
    ['ERR_WORKER_OUT_OF_MEMORY', {}],
  ])('try again what may pass: %s', async (code) => {
    const decoders = start();
    const once = `throw-once ${join(root, `once-${code}`)}`;
    expect(await outcome(run(decoders, once, { code }))).toBe('throw-once');
  });

  test('give up what does not pass', async () => {
    const give = (message: string, task: object = {}) => outcome(run(start(), `throw ${message}`, task));
    const [disk, memory, files, named] = await Promise.all([
      give('no', { code: 'EIO' }),
      give('vips: out of memory'),
      give('no', { code: 'EMFILE' }),
      give('Too many open files'),
    ]);
    expect(disk).toMatchObject({ code: 'EIO' });
    expect(memory).not.toBeInstanceOf(UserError);
    for (const error of [files, named]) {
      expect(error).toBeInstanceOf(UserError);
      expect(error).toMatchObject({ code: 'resources', message: expect.stringContaining('(EMFILE)') as string });
    }
  });

  test('that cannot start say why', async () => {
    const nowhere = start({ module: pathToFileURL(join(root, 'no-such-module.mjs')) });
    const error = await outcome(run(nowhere, 'fine'));
    expect(error).toMatchObject({ code: 'resources', message: expect.stringContaining('no-such-module') as string });
  });

  test('end when they are closed, whatever they are at', async () => {
    const decoders = start({ patience: 60_000 });
    const hanging = outcome(run(decoders, 'hang'));
    const { result: pid } = await run<number>(decoders, 'pid');
    expect(processes()).toContain(pid);
    await decoders.close(new Error('enough'));
    expect(processes()).not.toContain(pid);
    expect(await hanging).toMatchObject({ message: 'enough' });
    await expect(run(decoders, 'fine')).rejects.toThrow('enough');
    await decoders.close();
  });

  test('end with the process that started them', async () => {
    const script = join(root, 'parent.mjs');
    const path = join(root, 'hang');
    await writeFile(path, 'hang');
    const decoders = workerModule('decoders', import.meta.resolve('../../src/decoding/x.ts')).href;
    await writeFile(
      script,
      `import { Decoders } from ${JSON.stringify(decoders)};
      const decoders = new Decoders({ module: new URL(${JSON.stringify(module.href)}), threads: 1 });
      void decoders.run({ path: ${JSON.stringify(path)}, size: 4, task: {}, wanted: () => {
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);
        return true;
      } });`,
    );
    expect(() => execFileSync(process.execPath, [script], { stdio: 'pipe' })).toThrow();
    await expect.poll(() => processes(), { timeout: 5000 }).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });
});

test('which formats are opened is settled once in a process: what is just being decoded would be of none', async () => {
  const operation = ['VipsForeignLoadNsgif'];
  const gif = await sharp({ create: { width: 2, height: 2, channels: 3, background: '#fff' } })
    .gif()
    .toBuffer();
  sharp.block({ operation });
  try {
    const decoder = new URL(workerModule('../image/sharp', import.meta.resolve('../../src/decoding/x.ts')));
    const thread = new Worker(`import(${JSON.stringify(decoder.href)})`, { eval: true });
    await new Promise((done) => thread.once('exit', done));
    await expect(sharp(gif).metadata()).rejects.toThrow('unsupported image format');
  } finally {
    sharp.unblock({ operation });
  }
  expect((await sharp(gif).metadata()).format).toBe('gif');
});
