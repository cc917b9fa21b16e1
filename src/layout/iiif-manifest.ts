import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';
import { baseUrlOf } from '../format/base-url.ts';
import { type IiifImage, type IiifWhole, iiifWholeSizes } from './iiif-image.ts';

/** The IIIF Presentation API 3.0, https://iiif.io/api/presentation/3.0/; clauses below are of it. */
const CONTEXT = 'http://iiif.io/api/presentation/3/context.json';

/** Where the parts of IIIF lie in a site; all but `canvas` and `imageFolder` are files. */
export const IIIF_PATHS = {
  imageFolder: 'iiif/image',
  info: 'iiif/image/info.json',
  manifest: 'iiif/manifest.json',
  annotations: 'iiif/annotations.json',
  canvas: 'iiif/canvas/1',
} as const;

/**
 * More cells than this are better left without annotations. Viewers read the whole page at once (here some 260 bytes a
 * cell, so 1.3 MB), and make of each one a shape over the image and an item in a list; beyond some thousand they stall.
 */
export const ANNOTATIONS_MAX = 5000;

/** A thumbnail has no side longer than this, px, unless the smallest image of the whole has. */
const THUMBNAIL_SIDE = 400;

/** A text without a language, or one of ours. */
type Text = { readonly none: readonly string[] } | { readonly en: readonly string[] };

/** What a manifest tells. */
export interface ManifestAbout {
  /** Address of the site, as {@link checkBaseUrl} returns it. */
  readonly baseUrl: string;
  readonly title: string;
  readonly image: IiifImage;
  /** Must be shown wherever the image is. */
  readonly credit?: string | undefined;
  /** As {@link checkRights} returns it. */
  readonly rights?: string | undefined;
  readonly summary?: string | undefined;
  /** There is an annotation page. */
  readonly annotations?: boolean | undefined;
}

/** A cell with the name of its source. */
export interface IiifCell {
  readonly name: string;
  /** Px of the whole. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The address of a site: absolute, http or https, without a slash at its end.
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
 * A licence or rights statement by its URI (3.1, `rights`). Pages of Creative Commons and RightsStatements.org, as people
 * copy them, become the URIs that these define, which begin with `http:`. Others are taken as they are.
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
 * A manifest with one canvas, as large as the image, which is painted on it (5.2, 5.3).
 *
 * The image service is there by its address and level alone. More would save viewers a look at `info.json`, but some take a
 * service without that document's `@context` for one of an older version, and then ask for sizes by their width only.
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
    id: at('iiif/annotation/painting'),
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
    seeAlso: [{ id: at('mosaic.json'), type: 'Dataset', label: en('How it was made'), format: 'application/json' }],
    items: [
      {
        id: canvas,
        type: 'Canvas',
        label: none(title),
        width: image.width,
        height: image.height,
        thumbnail,
        items: [{ id: at('iiif/page/1'), type: 'AnnotationPage', items: [painting] }],
        ...(annotations && { annotations: [page] }),
      },
    ],
  };
}

/**
 * An annotation page (5.5, 5.6) that names the source of every cell, in blocks of text. Each is a tag of its part of the
 * canvas: of the motivations that fit, viewers show `tagging` and `commenting` without being told to.
 */
export function annotationPageJson(baseUrl: string, cells: Iterable<IiifCell>): Generator<string> {
  const head = { '@context': CONTEXT, id: `${baseUrl}/${IIIF_PATHS.annotations}`, type: 'AnnotationPage' };
  return pageBlocks(head, annotationsOf(baseUrl, cells));
}

/** Text of an annotation page, an item a line, in blocks of some hundred: however many, they need little memory. */
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
      id: `${baseUrl}/iiif/annotation/${++i}`,
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
