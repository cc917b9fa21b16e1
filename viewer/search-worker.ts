/** Worker of the search: holds the texts of all sources, and answers queries. */
import uFuzzy from '@leeoniya/ufuzzy';
import type { SearchAnswer, SearchRequest } from './search-messages.ts';

/** Letters of any script; errors are looked for within words (`intraMode: 1`: a wrong, missing, extra or swapped letter). */
const fuzzy = new uFuzzy({
  intraMode: 1,
  unicode: true,
  interSplit: String.raw`[^\p{L}\d']+`,
  intraSplit: String.raw`\p{Ll}\p{Lu}`,
  intraBound: String.raw`\p{L}\d|\d\p{L}|\p{Ll}\p{Lu}`,
  intraChars: String.raw`[\p{L}\d']`,
  intraContr: String.raw`'\p{L}{1,2}\b`,
});
/** Most matches that are ranked; beyond it, they are listed in their order. */
const RANKED_MAX = 2000;
/** Most texts in any order of words that are tried. */
const ORDERS = 3;

let texts: string[] = [];

self.addEventListener('message', ({ data }: MessageEvent<SearchRequest>) => {
  if (data.kind === 'texts') {
    texts = uFuzzy.latinize([...data.texts]);
    return;
  }
  const { id, most } = data;
  const query = uFuzzy.latinize(data.query).trim();
  const [found, info, order] = query === '' ? [null] : fuzzy.search(texts, query, ORDERS, RANKED_MAX);
  const ranked = found && info && order ? order.map((place) => info.idx[place]!) : (found ?? []);
  const answer: SearchAnswer = { id, total: ranked.length, found: ranked.slice(0, most) };
  self.postMessage(answer);
});
