/**
 * Service worker of a site that was built with `--offline`: keeps what was seen, for visits without a network. What is kept belongs to
 * one page; when the page has changed, everything is loaded anew.
 */
/** The parts of a service worker that are used here; TypeScript's library has them only instead of those of pages. */
export interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: 'install' | 'activate', handler: (event: Extendable) => void): void;
  addEventListener(name: 'fetch', handler: (event: Fetching) => void): void;
}
interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const worker = self as unknown as Scope;
const { scope } = worker.registration;
/** Name of the cache: sites of one origin have one each. */
const KEPT = `zoomosaic ${scope}`;

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(scope) || request.headers.has('range')) return;
  event.respondWith(request.mode === 'navigate' ? pageFor(request) : fileFor(request));
});

/** Answers with the page of the network; without one, with the page that is kept. */
async function pageFor(request: Request): Promise<Response> {
  const cache = await caches.open(KEPT);
  try {
    const page = await fetch(request);
    if (!page.ok) return page;
    const text = await page.clone().text();
    const kept = await cache.match(scope);
    if (kept && (await kept.text()) !== text) {
      for (const old of await cache.keys()) await cache.delete(old);
    }
    await cache.put(scope, page.clone()).catch(() => {});
    return page;
  } catch (error) {
    const kept = await cache.match(scope);
    if (kept) return kept;
    throw error;
  }
}

/** Answers with a file that is kept; otherwise with that of the network, and keeps it as far as the browser has room. */
async function fileFor(request: Request): Promise<Response> {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request);
  if (kept) return kept;
  const file = await fetch(request);
  if (file.ok && file.type === 'basic') await cache.put(request, file.clone()).catch(() => {});
  return file;
}
