import { PREVIEW_FILE } from './site-paths.ts';

/** What stands before and behind addresses in {@link addressTags}, the only place in a page that has the site's own address. */
const IMAGE = ['<meta property="og:image" content="', `${PREVIEW_FILE}" />`] as const;
const ITSELF = [
  ['<meta property="og:url" content="', '" />'],
  ['<link rel="canonical" href="', '" />'],
] as const;
const INDENT = '\n    ';

/** Finds these tags; its first group is the address in the tag of the preview. */
const TAGS = new RegExp(
  `${IMAGE[0]}([^"]*)${IMAGE[1].replace('.', '[.]')}(?:${ITSELF.map(([before, behind]) => `${INDENT}${before}[^"]*${behind}`).join('')})?`,
);

const NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Writes a text into HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => NAMES[character]!);
}

/** Address of the page, to which links add what they open; empty if that of the site is not known. */
export function pageAddress(baseUrl: string | undefined): string {
  return baseUrl === undefined ? '' : `${baseUrl}/`;
}

/** Makes the tags of a page that name addresses: of its preview, and of itself if that is known. */
export function addressTags(baseUrl: string | undefined): string {
  const address = escapeHtml(pageAddress(baseUrl));
  const image = IMAGE.join(address);
  if (baseUrl === undefined) return image;
  return [image, ...ITSELF.map((tag) => tag.join(address))].join(INDENT);
}

/** Returns the address of the site that a page names: empty if it has none yet, undefined if it is no page of a site. */
export function addressOfPage(page: string): string | undefined {
  const escaped = TAGS.exec(page)?.[1];
  const characters = new Map(Object.entries(NAMES).map(([character, name]) => [name, character]));
  return escaped?.replace(/\/$/, '').replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (name) => characters.get(name)!);
}

/** Gives a page another address of its site. */
export function movePage(page: string, to: string): string {
  return page.replace(TAGS, () => addressTags(to));
}
