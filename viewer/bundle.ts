/**
 * Bundles the viewer: as classic scripts for sites, since pages opened from disk cannot load modules; and as a module for
 * other pages.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXTRAS_GLOBAL } from '../src/format/site-paths.ts';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const common: BuildOptions = { bundle: true, target: 'es2020', charset: 'utf8', logLevel: 'warning' };

/**
 * Takes OpenSeadragon from the page, which loads it as a script of its own. The stubs let the bundle load without it, so that
 * the page can report that it is missing.
 */
const openSeadragonOfPage: Plugin = {
  name: 'openseadragon-of-page',
  setup(bundle) {
    bundle.onResolve({ filter: /^openseadragon$/ }, () => ({ path: 'openseadragon', namespace: 'page' }));
    bundle.onLoad({ filter: /.*/, namespace: 'page' }, () => ({
      contents: 'module.exports = globalThis.OpenSeadragon ?? { TileSource: class {}, DrawerBase: class {} };',
    }));
  },
};

/** Bundles a worker that is imported as `worker:./file.ts`, and gives its text: pages opened from disk run workers only of such. */
const workersAsText: Plugin = {
  name: 'workers-as-text',
  setup(bundle) {
    bundle.onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice('worker:'.length)),
      namespace: 'worker',
    }));
    bundle.onLoad({ filter: /.*/, namespace: 'worker' }, async ({ path }) => {
      const { outputFiles } = await build({
        ...common,
        entryPoints: [path],
        format: 'iife',
        minify: true,
        write: false,
      });
      return { contents: outputFiles[0].text, loader: 'text' };
    });
  },
};

await build({
  ...common,
  entryPoints: [here('page.ts')],
  outfile: here('../dist/viewer/viewer.js'),
  format: 'iife',
  minify: true,
  plugins: [openSeadragonOfPage, workersAsText],
});
await build({
  ...common,
  entryPoints: [here('extras.ts')],
  outfile: here('../dist/viewer/extras.js'),
  format: 'iife',
  globalName: EXTRAS_GLOBAL,
  minify: true,
  plugins: [openSeadragonOfPage, workersAsText],
});
await build({
  ...common,
  entryPoints: [here('offline-worker.ts')],
  outfile: here('../dist/viewer/offline.js'),
  format: 'iife',
  minify: true,
});
await build({
  ...common,
  entryPoints: [here('index.ts')],
  outfile: here('../dist/viewer/index.js'),
  format: 'esm',
  external: ['openseadragon'],
  plugins: [workersAsText],
});
