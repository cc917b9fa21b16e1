/** Hosts and pages that are not ours. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

/** A page that knows OpenSeadragon only, and shows what it is asked to. */
export const STOCK_PAGE = `<!doctype html><link rel="icon" href="data:," />
  <style>body { margin: 0 } #picture { width: 100vw; height: 100vh }</style>
  <div id="picture"></div>
  <script src="viewer/openseadragon.min.js"></script>
  <script>
    const tileSources = new URLSearchParams(location.search).get('open');
    const viewer = OpenSeadragon({
      id: 'picture', tileSources, drawer: 'html', animationTime: 0, showNavigationControl: false, minPixelRatio: 0.1,
      maxTilesPerFrame: 64,
    });
    window.zoomosaic = { viewer };
  </script>`;

/**
 * Pages of a host that has our package: `/page.html` shows mosaics as docs/compact.md says, each in a viewer of its own, one
 * below the other, and tells of them in `window.shows`.
 *
 * @param addresses of the mosaics' sites, by what they are called.
 * @param options of the viewers, as a script has them.
 */
export function pagesShowing(addresses: Readonly<Record<string, string>>, options: string): Record<string, string> {
  const page = `<!doctype html><link rel="icon" href="data:," />
    <style>body { margin: 0 } div { width: 100vw; height: ${100 / Object.keys(addresses).length}vh }</style>
    ${Object.keys(addresses)
      .map((id) => `<div id="${id}"></div>`)
      .join('')}
    <script src="node_modules/openseadragon/build/openseadragon/openseadragon.min.js"></script>
    <script type="importmap">
      { "imports": { "openseadragon": "./openseadragon.mjs", "zoomosaic/viewer": "./dist/viewer/index.js" } }
    </script>
    <script type="module">
      import OpenSeadragon from 'openseadragon';
      import { openMosaic, PixelDrawer } from 'zoomosaic/viewer';
      const shows = {};
      for (const [id, site] of Object.entries(${JSON.stringify(addresses)})) {
        const source = await openMosaic(site);
        const viewer = OpenSeadragon({ id, tileSources: source, showNavigationControl: false, ${options} });
        source.shownBy(() => [viewer.world.getItemAt(0)].filter(Boolean));
        shows[id] = { viewer, mosaic: source.mosaic };
      }
      window.shows = shows;
    </script>`;
  return { '/page.html': page, '/openseadragon.mjs': 'export default globalThis.OpenSeadragon;' };
}

/** A host of somebody else. */
export interface Host {
  readonly url: string;
  close(): Promise<unknown>;
}

/** Serves a folder, and some pages, as hosts do. */
export async function host(
  folder: string,
  headers: Readonly<Record<string, string>>,
  pages: Readonly<Record<string, string>> = {},
): Promise<Host> {
  const types: Readonly<Record<string, string>> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.mjs': 'text/javascript',
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const bytes = pages[pathname] === undefined ? readFile(join(folder, pathname)) : Promise.resolve(pages[pathname]);
    const type = types[extname(pathname)];
    bytes.then(
      (body) => response.writeHead(200, { ...headers, ...(type && { 'Content-Type': type }) }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
