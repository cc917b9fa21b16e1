import envPaths from 'env-paths';

/** Folder of the catalog unless another is asked for: in the user's cache directory. */
export function defaultCatalog(): string {
  return envPaths('zoomosaic', { suffix: '' }).cache;
}
