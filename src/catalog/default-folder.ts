import envPaths from 'env-paths';

/** Returns the default folder of the catalog, in the user's cache directory. */
export function defaultCatalog(): string {
  return envPaths('zoomosaic', { suffix: '' }).cache;
}
