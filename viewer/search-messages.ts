/** What the page and the worker of its search tell each other. */
export type SearchRequest =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'query'; readonly id: number; readonly query: string; readonly most: number };

/** Answer to a query: number of matches, and the best ones, as numbers of sources. */
export interface SearchAnswer {
  readonly id: number;
  readonly total: number;
  readonly found: readonly number[];
}
