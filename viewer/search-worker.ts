/** Worker of the search: holds the texts of all sources, and answers queries. */
import uFuzzy from '@leeoniya/ufuzzy';
import type { SearchAnswer, SearchRequest } from './search-messages.ts';

/** Errors are looked for within words: a wrong, missing, extra or swapped letter. */
const FORGIVING = { intraMode: 1 } as const;
/** For queries in Latin letters, which are searched several times as quickly; and for those in any script. */
const latin = new uFuzzy(FORGIVING);
const anyScript = new uFuzzy({
  ...FORGIVING,
  unicode: true,
  interSplit: String.raw`[^\p{L}\p{M}\d']+`,
  intraSplit: String.raw`\p{Ll}\p{Lu}`,
  intraBound: String.raw`\p{L}\d|\d\p{L}|\p{Ll}\p{Lu}`,
  intraChars: String.raw`[\p{L}\p{M}\d']`,
  intraContr: String.raw`'\p{L}{1,2}\b`,
});
/** Most matches that are ranked; beyond it, they are listed in their order. */
const RANKED_MAX = 2000;
/** Most words that are tried in any order, where their own order finds nothing. */
const ORDERS = 3;

let texts: string[] = [];

self.addEventListener('message', ({ data }: MessageEvent<SearchRequest>) => {
  if (data.kind === 'texts') {
    texts = data.texts.map(plain);
    return;
  }
  const { id, most } = data;
  const query = plain(data.query).trim();
  const ranked = query === '' ? [] : (ranking(query, 0) ?? ranking(query, ORDERS) ?? containing(query));
  const answer: SearchAnswer = { id, total: ranked.length, found: ranked.slice(0, most) };
  self.postMessage(answer);
});

/** Writes a text as it is compared: composed, as files of some systems are not, and Latin letters without accents. */
function plain(text: string): string {
  return uFuzzy.latinize(text.normalize('NFC'));
}

/** Ranks the texts that match a query, its words in their order or in any; undefined if none does. */
function ranking(query: string, orders: number): readonly number[] | undefined {
  const fuzzy = /^[ -~]*$/.test(query) ? latin : anyScript;
  const [found, info, order] = fuzzy.search(texts, query, orders, RANKED_MAX);
  if (!found || found.length === 0) return undefined;
  return info && order ? order.map((place) => info.idx[place]!) : found;
}

/** Finds the texts that contain a query. Those without letters, such as emoji, have no words. */
function containing(query: string): number[] {
  const small = query.toLowerCase();
  return [...texts.keys()].filter((number) => texts[number]!.toLowerCase().includes(small));
}
