/**
 * Bundles the viewer: as a classic script for sites, since pages opened from disk cannot load modules; and as a module for
 * other pages.
 */
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

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

const common: BuildOptions = { bundle: true, target: 'es2020', charset: 'utf8', logLevel: 'warning' };
await build({
  ...common,
  entryPoints: [here('page.ts')],
  outfile: here('../dist/viewer/viewer.js'),
  format: 'iife',
  minify: true,
  plugins: [openSeadragonOfPage],
});
await build({
  ...common,
  entryPoints: [here('index.ts')],
  outfile: here('../dist/viewer/index.js'),
  format: 'esm',
  external: ['openseadragon'],
});
