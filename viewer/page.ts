/** The page of a site: opens the mosaic, and connects all that can be done with it. */
import OpenSeadragon from 'openseadragon';
import { parseMosaic } from '../src/format/mosaic-reader.ts';
import { Address } from './address.ts';
import { Announcer } from './announcer.ts';
import type { CellPlace } from './cell-image.ts';
import { keepSeen, watchConnection } from './connection.ts';
import { addButtons, type Acts, connectKeys, fadeWhenIdle, showFocusOfKeys, viewActs } from './controls.ts';
import { Directory } from './directory.ts';
import { factsOf, scaleText } from './facts.ts';
import { cellAt } from './frame.ts';
import { loadExtras } from './load-extras.ts';
import { Marks } from './marks.ts';
import { openViewer } from './open-viewer.ts';
import { Panel } from './panel.ts';
import { Picker } from './pick.ts';
import { replacePreview } from './preview.ts';
import { Sheets } from './page-sheets.ts';
import { Texts } from './strings.ts';
import type { Tour } from './tour.ts';
import { MosaicTileSource } from './tile-source.ts';

/** Time in which a second click makes a double click, which zooms, ms. */
const DOUBLE_MS = 260;

/** Time after which the scripts for later are loaded, ms. */
const IDLE_MS = 6000;

const texts = new Texts(document.documentElement.lang);
/** What the address asks for: `layout`, `tour`, `embed`. */
const asked = new URLSearchParams(location.search);
const byId = (id: string) => document.getElementById(id)!;

/** Tells whether reduced motion is wished. */
const isCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Shows a message instead of the mosaic. */
function complain(text: string): void {
  byId('message').textContent = text;
  byId('message').hidden = false;
  for (const id of ['picture', 'preview', 'controls', 'caption'])
    document.getElementById(id)?.toggleAttribute('hidden', true);
}

/** Reads the mosaic in the page; `undefined`, with a message shown, if that fails. */
function readMosaic(): MosaicTileSource | undefined {
  if (!('OpenSeadragon' in globalThis)) {
    complain(texts.of('incomplete'));
    return undefined;
  }
  try {
    const mosaic = parseMosaic(byId('mosaic').textContent, 'page');
    return new MosaicTileSource(mosaic, { layout: asked.get('layout') });
  } catch (error) {
    complain(texts.of('unusable', { why: error instanceof Error ? error.message : String(error) }));
    return undefined;
  }
}

/** Picks the cell that is clicked or tapped, unless a second click follows. */
function pickClicked(viewer: OpenSeadragon.Viewer, { mosaic }: MosaicTileSource, picker: Picker): void {
  let timer = 0;
  viewer.addHandler('canvas-click', ({ quick, position }) => {
    clearTimeout(timer);
    const cell = quick ? cellAt(viewer, mosaic, position) : undefined;
    if (cell) timer = setTimeout(() => void picker.pick(cell), DOUBLE_MS);
  });
  for (const event of ['canvas-double-click', 'canvas-drag'] as const)
    viewer.addHandler(event, () => clearTimeout(timer));
}

/** Calls a function when the browser has nothing else to do; Safari does not tell when that is. */
function whenIdle(act: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(act);
  else setTimeout(act);
}

/** Keeps OpenSeadragon from adding a style sheet of its own, which the page's Content-Security-Policy refuses. */
function keepStylesOut(): void {
  // It looks for an element of this name; one without a namespace is no style sheet, which the policy would refuse, too.
  const style = document.createElementNS(null, 'style');
  style.setAttribute('data-openseadragon-mobile-css', 'true');
  document.head.append(style);
}

function start(): void {
  const tiles = readMosaic();
  if (!tiles) return;
  const { mosaic } = tiles;
  const isEmbedded = asked.has('embed');
  document.body.classList.toggle('embedded', isEmbedded);
  document.body.style.setProperty('--cell-aspect', `${mosaic.cell.width} / ${mosaic.cell.height}`);
  byId('facts').textContent = factsOf(mosaic, texts);
  keepStylesOut();
  const viewer = openViewer(byId('picture'), tiles, {
    texts,
    label: 'map',
    complain,
    minimap: !isEmbedded,
    cooperativeGestures: isEmbedded,
  });
  replacePreview(viewer, tiles);
  const directory = new Directory(mosaic, tiles.base);
  const marks = new Marks(viewer, mosaic);
  const panel = new Panel(byId('panel'), tiles, {
    texts,
    actions: {
      close: () => picker.close(),
      step: (by) => void picker.step(by),
      pick: (cell) => void picker.pickCell(cell),
    },
  });
  const picker: Picker = new Picker({
    viewer,
    tiles,
    directory,
    panel,
    marks,
    onChange: (cell) => address.notePick(cell),
  });
  const address = new Address({ viewer, tiles, directory, picker });
  const sheets = new Sheets({
    search: async () => {
      const { Search, SearchIndex } = await loadExtras(tiles.base);
      const choose = (source: number) => void picker.pickSource(source).then(() => picker.focusPanel());
      return new Search(byId('search'), tiles, { index: new SearchIndex(directory), texts, choose });
    },
    list: async () => {
      const { ViewList } = await loadExtras(tiles.base);
      const choose = (place: CellPlace) => void picker.pick(place).then(() => picker.focusPanel());
      return new ViewList(byId('view-list'), { viewer, tiles, directory, texts, choose });
    },
    compare: async () => new (await loadExtras(tiles.base)).Compare(byId('compare'), viewer, { tiles, texts }),
    help: async () => new (await loadExtras(tiles.base)).Help(byId('help'), { texts, has: (action) => action in acts }),
  });
  let tours: Promise<Tour> | undefined;
  const tour = async () => {
    const onStart = () => {
      sheets.close();
      picker.close();
    };
    tours ??= loadExtras(tiles.base).then(
      ({ Tour }) => new Tour(viewer, tiles, { goesOn: asked.has('tour'), onStart }),
    );
    (await tours.catch(() => (tours = undefined)))?.start();
  };
  const acts: Acts = {
    ...viewActs(viewer),
    ...(mosaic.directory.named && { search: () => void sheets.toggle('search') }),
    list: () => void sheets.toggle('list'),
    ...(mosaic.compare && { compare: () => void sheets.toggle('compare') }),
    ...(!isCalm() && { tour: () => void tour() }),
    help: () => void sheets.toggle('help'),
    pick: () => void picker.pickMiddle().then(() => picker.focusPanel()),
    previous: () => void picker.step(-1),
    next: () => void picker.step(1),
    close: () => void (sheets.close() || picker.close()),
  };
  addButtons(byId('controls'), acts, texts);
  connectKeys(viewer, acts);
  pickClicked(viewer, tiles, picker);
  new Announcer(byId('live'), { viewer, tiles, directory, texts }).start();
  viewer.addHandler('update-viewport', () => {
    byId('scale').textContent = scaleText(viewer, mosaic, texts);
  });
  viewer.addOnceHandler('open', () => {
    if (address.open()) tiles.startAt();
    setTimeout(() => whenIdle(() => void loadExtras(tiles.base).catch(() => {})), IDLE_MS);
    if (asked.has('tour') && !isCalm()) void tour();
  });
  keepSeen(tiles);
  watchConnection(byId('notice'), tiles, texts);
  addEventListener('beforeprint', () => void viewer.viewport.goHome(true));
  showFocusOfKeys();
  fadeWhenIdle();
  Object.assign(window, { zoomosaic: { viewer, mosaic } });
}

start();
