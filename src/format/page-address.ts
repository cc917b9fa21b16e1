import { PREVIEW_FILE } from './site-paths.ts';

/** What the page says of the address of its preview: the only place in it that has the site's own address. */
const ADDRESS = new RegExp(
  String.raw`(?<=<meta property="og:image" content=")[^"]*(?=/${PREVIEW_FILE.replace('.', '[.]')}" />)`,
);

const NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Writes a text into HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => NAMES[character]!);
}

/** Address of the preview; relative if that of the site is not known. */
export function previewAddress(baseUrl: string | undefined): string {
  return baseUrl === undefined ? PREVIEW_FILE : `${baseUrl}/${PREVIEW_FILE}`;
}

/** Returns the address of the site that a page names; undefined if it names none. */
export function addressOfPage(page: string): string | undefined {
  const escaped = ADDRESS.exec(page)?.[0];
  const characters = new Map(Object.entries(NAMES).map(([character, name]) => [name, character]));
  return escaped?.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (name) => characters.get(name)!);
}

/** Gives a page another address of its site. */
export function movePage(page: string, to: string): string {
  return page.replace(ADDRESS, () => escapeHtml(to));
}
