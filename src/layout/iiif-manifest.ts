import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';
import { baseUrlOf } from '../format/base-url.ts';
import { type IiifImage, type IiifWhole, iiifWholeSizes } from '../format/iiif-image.ts';
import { IIIF_PATHS, MOSAIC_FILE } from '../format/site-paths.ts';

/** The IIIF Presentation API 3.0, https://iiif.io/api/presentation/3.0/; clauses below refer to it. */
const CONTEXT = 'http://iiif.io/api/presentation/3/context.json';

/**
 * Greatest number of cells for which annotations are written. Viewers read the whole page at once (about 260 bytes per cell
 * here, so 1.3 MB), and make a shape and a list item of each annotation; beyond some thousand they stall.
 */
export const ANNOTATIONS_MAX = 5000;

/** Greatest side of a thumbnail, px, unless the smallest whole image is larger. */
const THUMBNAIL_SIDE = 400;

/** A text without a language, or an English one of this program. */
type Text = { readonly none: readonly string[] } | { readonly en: readonly string[] };

/** Contents of a manifest. */
export interface ManifestAbout {
  /** Address of the site, as {@link checkBaseUrl} returns it. */
  readonly baseUrl: string;
  readonly title: string;
  readonly image: IiifImage;
  /** Has to be shown wherever the image is. */
  readonly credit?: string | undefined;
  /** As {@link checkRights} returns it. */
  readonly rights?: string | undefined;
  readonly summary?: string | undefined;
  /** True if there is an annotation page. */
  readonly annotations?: boolean | undefined;
}

/** A cell with the name of its source. */
export interface IiifCell {
  readonly name: string;
  /** Position and size in the whole image, px. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Checks the address of a site: absolute, http or https; returns it without a trailing slash.
 *
 * @throws {UserError} `usage`.
 */
export function checkBaseUrl(text: string): string {
  const url = baseUrlOf(text);
  if (url === undefined) {
    throw new UserError(
      'usage',
      `Expected an absolute http or https URL without query or fragment for --base-url but received ${shown(text)}`,
      'Name the address that the site will have, such as https://example.org/mosaic.',
    );
  }
  return url;
}

/**
 * Checks the URI of a licence or rights statement (3.1, `rights`). Addresses of pages at Creative Commons and
 * RightsStatements.org are converted to the URIs that these define, which begin with `http:`. Other hosts' URIs are kept.
 *
 * @throws {UserError} `usage`.
 */
export function checkRights(text: string): string {
  const [, licence] =
    /^https?:\/\/(?:www\.)?creativecommons\.org\/((?:licenses|publicdomain)\/[a-z+-]+\/\d\.\d(?:\/(?!deed|legal)[a-z]{2,8})?)(?:\/(?:(?:deed|legalcode)[.\w-]*)?)?$/i.exec(
      text,
    ) ?? [];
  if (licence) return `http://creativecommons.org/${licence.toLowerCase()}/`;
  const [, statement] =
    /^https?:\/\/(?:www\.)?rightsstatements\.org\/(?:vocab|page)\/([a-z-]+\/\d\.\d)\/?(?:\?.*)?$/i.exec(text) ?? [];
  if (statement) return `http://rightsstatements.org/vocab/${statement}/`;
  const host = /^https?:\/\/[^\s]+$/i.test(text) && URL.canParse(text) ? new URL(text).hostname : '';
  if (host && !/(^|\.)(creativecommons|rightsstatements)\.org$/.test(host)) return text;
  throw new UserError(
    'usage',
    `Expected the URI of a licence or rights statement for --rights but received ${shown(text)}`,
    'Use one of Creative Commons, such as http://creativecommons.org/licenses/by/4.0/, or of RightsStatements.org, such as http://rightsstatements.org/vocab/InC/1.0/.',
  );
}

/**
 * Makes a manifest with one canvas of the image's size, on which the image is painted (5.2, 5.3).
 *
 * The image service is given by address and level alone. More would save viewers a request for `info.json`, but some take a
 * service without that document's `@context` for an older version, and then request sizes by width only.
 */
export function manifestJson({ baseUrl, title, image, credit, rights, summary, annotations }: ManifestAbout) {
  const at = (path: string) => `${baseUrl}/${path}`;
  const canvas = at(IIIF_PATHS.canvas);
  const service = { id: at(IIIF_PATHS.imageFolder), type: 'ImageService3', profile: 'level0' };
  const picture = ({ width, height }: IiifWhole, path: string) => {
    return { id: `${service.id}/${path}`, type: 'Image', format: 'image/jpeg', width, height, service: [service] };
  };
  const wholes = iiifWholeSizes(image);
  const small = wholes.findLast(({ width, height }) => Math.max(width, height) <= THUMBNAIL_SIDE) ?? wholes[0]!;
  const thumbnail = [picture(small, small.paths[0]!)];
  const painting = {
    id: at(IIIF_PATHS.painting),
    type: 'Annotation',
    motivation: 'painting',
    body: picture(wholes[wholes.length - 1]!, 'full/max/0/default.jpg'),
    target: canvas,
  };
  const page = { id: at(IIIF_PATHS.annotations), type: 'AnnotationPage' };
  return {
    '@context': CONTEXT,
    id: at(IIIF_PATHS.manifest),
    type: 'Manifest',
    label: none(title),
    ...(summary && { summary: none(summary) }),
    ...(credit && { requiredStatement: { label: en('Credit'), value: none(credit) } }),
    ...(rights && { rights }),
    thumbnail,
    homepage: [{ id: at(''), type: 'Text', label: none(title), format: 'text/html' }],
    seeAlso: [{ id: at(MOSAIC_FILE), type: 'Dataset', label: en('How it was made'), format: 'application/json' }],
    items: [
      {
        id: canvas,
        type: 'Canvas',
        label: none(title),
        width: image.width,
        height: image.height,
        thumbnail,
        items: [{ id: at(IIIF_PATHS.page), type: 'AnnotationPage', items: [painting] }],
        ...(annotations && { annotations: [page] }),
      },
    ],
  };
}

/**
 * Makes an annotation page (5.5, 5.6) that names the source of every cell; yields its text in blocks. Each annotation tags
 * its part of the canvas: of the motivations that fit, viewers show `tagging` and `commenting` by default.
 */
export function annotationPageJson(baseUrl: string, cells: Iterable<IiifCell>): Generator<string> {
  const head = { '@context': CONTEXT, id: `${baseUrl}/${IIIF_PATHS.annotations}`, type: 'AnnotationPage' };
  return pageBlocks(head, annotationsOf(baseUrl, cells));
}

/** Formats an annotation page, one item per line, in blocks of 256 items: memory does not depend on their number. */
export function* pageBlocks(head: object, items: Iterable<unknown>): Generator<string> {
  let block = `${JSON.stringify(head).slice(0, -1)},"items":[`;
  let i = 0;
  for (const item of items) {
    block += `${i === 0 ? '\n' : ',\n'}${JSON.stringify(item)}`;
    if (++i % 256 > 0) continue;
    yield block;
    block = '';
  }
  yield `${block}\n]}\n`;
}

function* annotationsOf(baseUrl: string, cells: Iterable<IiifCell>): Generator<object> {
  let i = 0;
  for (const { name, x, y, width, height } of cells) {
    yield {
      id: `${baseUrl}/${IIIF_PATHS.annotation}/${++i}`,
      type: 'Annotation',
      motivation: 'tagging',
      body: { type: 'TextualBody', value: name, format: 'text/plain' },
      target: `${baseUrl}/${IIIF_PATHS.canvas}#xywh=${x},${y},${width},${height}`,
    };
  }
}

function none(text: string): Text {
  return { none: [text] };
}

function en(text: string): Text {
  return { en: [text] };
}

/**
 * Refuses tiles that are not JPEG. `jpg` is the one format that every level has to offer (compliance document, 3.5), so a
 * static image in another format would need all its tiles twice.
 *
 * @throws {UserError} `usage`.
 */
export function checkIiifFormat(format: string): void {
  if (format === 'jpeg') return;
  throw new UserError(
    'usage',
    `Expected jpeg for --format with --layout iiif but received ${format}`,
    'Leave --format out, or use another --layout.',
  );
}
