import { addressOfPage, movePage } from '../format/page-address.ts';
import { PAGE_FILE } from '../format/site-paths.ts';

/** The page of a site, as the other files with its address: as JSON. */
type PageJson = Readonly<Record<string, unknown>>;

/** The page, which names the address of its preview. A page that names none stays as it is. */
export const ADDRESSED_PAGE = {
  path: PAGE_FILE,
  needed: false,
  baseOf: (json: PageJson): string | undefined => addressOfPage(textOfPage(json)),
  moved: (json: PageJson, _from: string, to: string): PageJson => ({ page: movePage(textOfPage(json), to) }),
} as const;

/** Reads a page as a document with its text. */
export function readPage(text: string): PageJson {
  return { page: text };
}

/** Returns the text of a page. */
export function textOfPage({ page }: PageJson): string {
  return String(page);
}
