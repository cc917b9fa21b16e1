import { IIIF, type Manifest } from '@allmaps/iiif-parser';
import { Validator } from '@hyperion-framework/validator';
import { normalize } from '@iiif/parser';
import * as parser from '@iiif/parser/image-3';
import { describe, expect, test } from 'vitest';
import { infoJson } from '../../src/format/iiif-image.ts';
import {
  annotationPageJson,
  checkBaseUrl,
  checkRights,
  type IiifCell,
  manifestJson,
} from '../../src/layout/iiif-manifest.ts';
import { ABOUT, addresses, BASE, cells, ID, IMAGE, shape } from '../helpers/iiif.ts';
import { refuses } from '../helpers/refuses.ts';

const validator = () => new Validator();

describe('the manifest, Presentation API 3.0', () => {
  test.each([
    ['with everything', ABOUT],
    ['with a title only', { baseUrl: BASE, title: 'T', image: shape(100, 60) }],
    ['of a tall one', { baseUrl: BASE, title: 'T', image: shape(256, 81920) }],
  ])('%s, satisfies the schema of the validator', (_, about) => {
    const manifest = manifestJson(about);
    const schema = validator();
    expect([schema.validateManifest(manifest), schema.validators['manifest']?.errors ?? []]).toEqual([true, []]);
    expect(validator().validateManifest({ ...manifest, rights: 'all mine' })).toBe(false);
    expect(validator().validateManifest({ ...manifest, label: 'no language' })).toBe(false);
    expect(validator().validateManifest({ ...manifest, items: [{ ...manifest.items[0], items: [{}] }] })).toBe(false);
  });

  test('says what it was told, and where things are', () => {
    const manifest = manifestJson(ABOUT);
    expect(Object.keys(manifest)[0]).toBe('@context');
    expect(manifest).toMatchObject({
      id: `${BASE}/iiif/manifest.json`,
      label: { none: [ABOUT.title] },
      summary: { none: [ABOUT.summary] },
      requiredStatement: { label: { en: ['Credit'] }, value: { none: [ABOUT.credit] } },
      rights: ABOUT.rights,
      homepage: [{ id: `${BASE}/`, type: 'Text', format: 'text/html' }],
      seeAlso: [{ id: `${BASE}/mosaic.json`, type: 'Dataset', format: 'application/json' }],
      items: [{ id: `${BASE}/iiif/canvas/1`, width: 3840, height: 2560 }],
    });
    expect(Object.keys(manifestJson({ baseUrl: BASE, title: 'T', image: IMAGE }))).not.toContain('rights');
  });

  test('is read by @iiif/parser, down to an image service whose files are there', () => {
    const { entities, resource } = normalize(JSON.parse(JSON.stringify(manifestJson(ABOUT))));
    expect(resource).toEqual({ id: `${BASE}/iiif/manifest.json`, type: 'Manifest' });
    expect(Object.keys(entities.Canvas)).toEqual([`${BASE}/iiif/canvas/1`]);
    const [annotation] = Object.values(entities.Annotation);
    expect(annotation).toMatchObject({ motivation: ['painting'] });
    const images = Object.values(entities.ContentResource).filter(
      (content) => (content as { type?: string }).type === 'Image',
    ) as { id: string; width: number; height: number; service: parser.ImageServiceImageRequest[] }[];
    expect(images.length).toBe(2);
    const files = addresses(IMAGE);
    const info = infoJson(IMAGE, ID) as never;
    for (const image of images) {
      const [service, ...others] = parser.getImageServices(image as never);
      expect([parser.isLevel0(service!), service!.id, others]).toEqual([true, ID, []]);
      expect(files).toContain(image.id);
      expect(files).toContain(parser.imageServiceRequestToString(parser.parseImageServiceRequest(image.id), info));
    }
    const [painted, thumbnail] = [
      images.find(({ id }) => id.includes('/max/')),
      images.find(({ id }) => !id.includes('/max/')),
    ];
    expect(painted).toMatchObject({ width: 1920, height: 1280 });
    expect(thumbnail).toMatchObject({ id: `${ID}/full/240,160/0/default.jpg`, width: 240, height: 160 });
  });

  test('is read by Allmaps', () => {
    const manifest = IIIF.parse(manifestJson(ABOUT)) as Manifest;
    expect(manifest.canvases.map(({ image }) => image)).toMatchObject([
      { uri: ID, width: 3840, height: 2560, majorVersion: 3, supportsAnyRegionAndSize: false },
    ]);
  });

  test('an annotation page satisfies the schema, and tags every cell where it stands', () => {
    const page = JSON.parse([...annotationPageJson(BASE, cells(1000))].join('')) as { id: string; items: object[] };
    expect(validator().validateAnnotationPage(page)).toBe(true);
    expect(validator().validateAnnotationPage({ ...page, items: [{ ...page.items[0], target: 7 }] })).toBe(false);
    expect(page.id).toBe(manifestJson(ABOUT).items[0]!.annotations![0]!.id);
    expect(new Set(page.items.map((item) => (item as { id: string }).id)).size).toBe(1000);
    expect(page.items[16]).toEqual({
      id: `${BASE}/iiif/annotation/17`,
      type: 'Annotation',
      motivation: 'tagging',
      body: { type: 'TextualBody', value: 'photos/16 "quoted", ünïcode, <b>.jpg', format: 'text/plain' },
      target: `${BASE}/iiif/canvas/1#xywh=256,256,256,256`,
    });
    const none = JSON.parse([...annotationPageJson(BASE, [])].join('')) as { items: object[] };
    expect(validator().validateAnnotationPage(none)).toBe(true);
    expect(none.items).toEqual([]);
  });

  test('an annotation page comes in blocks, before all of its cells are known', () => {
    let taken = 0;
    function* many(): Generator<IiifCell> {
      for (; taken < 50_000; taken++) yield { name: 'x', x: taken, y: 0, width: 1, height: 1 };
    }
    const blocks = annotationPageJson(BASE, many());
    expect(blocks.next().value!.length).toBeLessThan(200_000);
    expect(taken).toBeLessThan(1000);
    let longest = 0;
    for (const block of blocks) longest = Math.max(longest, block.length);
    expect(taken).toBe(50_000);
    expect(longest).toBeLessThan(200_000);
  });
});

describe('what people type', () => {
  test.each([
    ['https://example.org/mosaic', 'https://example.org/mosaic'],
    ['https://example.org/mosaic//', 'https://example.org/mosaic'],
    ['HTTP://Example.org:80', 'http://example.org'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['https://example.org/möwe/', 'https://example.org/m%C3%B6we'],
  ])('--base-url %s', (text, url) => {
    expect(checkBaseUrl(text)).toBe(url);
  });

  test.each([
    '',
    'example.org',
    '/mosaic',
    '//example.org',
    'ftp://example.org',
    'https://',
    'https:example.org',
    'https://example.org/?',
    'https://example.org/?a=b',
    'https://example.org/#',
    'https://example.org/a b',
    'https://me:secret@example.org/',
    'file:///home/me',
  ])('--base-url %s is refused', async (text) => {
    await refuses(() => checkBaseUrl(text), /^Expected an absolute http or https URL .* for --base-url but received /);
  });

  const CC = 'http://creativecommons.org';
  test.each([
    [`${CC}/licenses/by/4.0/`, `${CC}/licenses/by/4.0/`],
    ['https://creativecommons.org/licenses/by-nc-sa/4.0', `${CC}/licenses/by-nc-sa/4.0/`],
    ['https://creativecommons.org/licenses/by/4.0/deed.de', `${CC}/licenses/by/4.0/`],
    ['https://www.creativecommons.org/licenses/by/3.0/us/legalcode', `${CC}/licenses/by/3.0/us/`],
    ['https://creativecommons.org/publicdomain/zero/1.0/', `${CC}/publicdomain/zero/1.0/`],
    ['https://rightsstatements.org/page/InC-EDU/1.0/?language=en', 'http://rightsstatements.org/vocab/InC-EDU/1.0/'],
    ['http://rightsstatements.org/vocab/NoC-US/1.0/', 'http://rightsstatements.org/vocab/NoC-US/1.0/'],
    ['https://example.org/terms#images', 'https://example.org/terms#images'],
  ])('--rights %s', (text, uri) => {
    expect(checkRights(text)).toBe(uri);
    if (!uri.includes('example'))
      expect(validator().validateManifest(manifestJson({ ...ABOUT, rights: uri }))).toBe(true);
  });

  test.each([
    'CC BY 4.0',
    'all mine',
    'https://creativecommons.org/',
    'https://rightsstatements.org/en/',
    'urn:x',
    'https://a b',
  ])('--rights %s is refused', async (text) => {
    await refuses(() => checkRights(text), /^Expected the URI of a licence or rights statement for --rights/);
  });
});
