/** Texts of the page, by language. `{name}` stands for a value. */
const ENGLISH = {
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  whole: 'Whole picture',
  fullscreen: 'Fullscreen',
  search: 'Find a picture',
  searchHint: 'Name or caption',
  list: 'List the pictures in view',
  inView: 'Pictures in view',
  nearest: 'The {count} nearest to the middle',
  timesInView: '{count} in view',
  zoomToList: 'Zoom in to list the pictures',
  compare: 'Compare with the target',
  tour: 'Tour',
  help: 'Keys and gestures',
  close: 'Close',
  view: 'View',
  picture: 'Picture',
  map: '{title}: zoomable photomosaic. Arrow keys move, plus and minus zoom, Enter opens the picture in the middle, L lists the pictures in view, question mark lists all keys.',
  mapAlone: '{title}: zoomable photomosaic',
  unnamed: 'Picture {number}',
  place: 'Column {column}, row {row}',
  uses: '{place} of {count}',
  usesOnce: 'Shown once',
  usesMany: 'Shown {count} times',
  previous: 'Previous place',
  next: 'Next place',
  copyLink: 'Copy link',
  copied: 'Copied',
  share: 'Share',
  qr: 'QR code',
  open: 'Open the original',
  download: 'Download',
  more: 'More like this',
  credit: 'By {credit}',
  link: 'Visit {host}',
  across: '{count} photos across',
  acrossOne: '1 photo across',
  cells: '{count} cells',
  cell: '1 cell',
  images: '{count} images',
  image: '1 image',
  gigapixels: '{count} gigapixels',
  megapixels: '{count} megapixels',
  noResults: 'Nothing found',
  results: '{count} found',
  result: '1 found',
  searching: 'Loading the names …',
  noNames: 'The names cannot be loaded',
  inMiddle: 'In the middle: {name}',
  mosaic: 'Mosaic',
  target: 'Target',
  wipe: 'Wipe',
  opacity: 'Fade',
  softLight: 'Soft light',
  offline: 'You are offline. What was loaded can still be seen.',
  failed: 'The picture cannot be opened.',
  incomplete: 'The viewer is incomplete: its folder “viewer” belongs beside this page. Copy the whole site.',
  unusable: 'This page’s description of the mosaic cannot be used. {why}. Build it again, page and all.',
  keyMove: 'Move',
  keyZoom: 'Zoom',
  keyWhole: 'Whole picture',
  keyPick: 'Open the picture in the middle',
  keyStep: 'Previous and next place of the picture',
  keySearch: 'Find a picture',
  keyCompare: 'Compare with the target',
  keyTour: 'Tour',
  keyFull: 'Fullscreen',
  keyHelp: 'This list',
  keyClose: 'Close',
  touchPick: 'Tap a picture to open it; pinch or double tap to zoom; drag to move.',
} as const;

/** Name of a text. */
export type TextName = keyof typeof ENGLISH;

const GERMAN: Readonly<Record<TextName, string>> = {
  zoomIn: 'Vergrößern',
  zoomOut: 'Verkleinern',
  whole: 'Ganzes Bild',
  fullscreen: 'Vollbild',
  search: 'Bild suchen',
  searchHint: 'Name oder Beschreibung',
  list: 'Bilder in der Ansicht auflisten',
  inView: 'Bilder in der Ansicht',
  nearest: 'Die {count} nächsten zur Mitte',
  timesInView: '{count} in der Ansicht',
  zoomToList: 'Zum Auflisten der Bilder vergrößern',
  compare: 'Mit der Vorlage vergleichen',
  tour: 'Rundflug',
  help: 'Tasten und Gesten',
  close: 'Schließen',
  view: 'Ansicht',
  picture: 'Bild',
  map: '{title}: zoombares Fotomosaik. Pfeiltasten bewegen, Plus und Minus zoomen, Enter öffnet das Bild in der Mitte, L listet die Bilder in der Ansicht auf, Fragezeichen zeigt alle Tasten.',
  mapAlone: '{title}: zoombares Fotomosaik',
  unnamed: 'Bild {number}',
  place: 'Spalte {column}, Zeile {row}',
  uses: '{place} von {count}',
  usesOnce: 'Einmal zu sehen',
  usesMany: '{count}-mal zu sehen',
  previous: 'Vorige Stelle',
  next: 'Nächste Stelle',
  copyLink: 'Link kopieren',
  copied: 'Kopiert',
  share: 'Teilen',
  qr: 'QR-Code',
  open: 'Original öffnen',
  download: 'Herunterladen',
  more: 'Ähnliche Bilder',
  credit: 'Von {credit}',
  link: '{host} besuchen',
  across: '{count} Fotos nebeneinander',
  acrossOne: '1 Foto nebeneinander',
  cells: '{count} Felder',
  cell: '1 Feld',
  images: '{count} Bilder',
  image: '1 Bild',
  gigapixels: '{count} Gigapixel',
  megapixels: '{count} Megapixel',
  noResults: 'Nichts gefunden',
  results: '{count} gefunden',
  result: '1 gefunden',
  searching: 'Namen werden geladen …',
  noNames: 'Die Namen können nicht geladen werden',
  inMiddle: 'In der Mitte: {name}',
  mosaic: 'Mosaik',
  target: 'Vorlage',
  wipe: 'Wischen',
  opacity: 'Überblenden',
  softLight: 'Weiches Licht',
  offline: 'Keine Verbindung. Was geladen ist, bleibt zu sehen.',
  failed: 'Das Bild lässt sich nicht öffnen.',
  incomplete: 'Der Betrachter ist unvollständig: Sein Ordner „viewer“ gehört neben diese Seite. Kopieren Sie alles.',
  unusable: 'Die Beschreibung des Mosaiks in dieser Seite ist unbrauchbar. {why}. Bauen Sie es neu, samt Seite.',
  keyMove: 'Bewegen',
  keyZoom: 'Zoomen',
  keyWhole: 'Ganzes Bild',
  keyPick: 'Das Bild in der Mitte öffnen',
  keyStep: 'Vorige und nächste Stelle des Bildes',
  keySearch: 'Bild suchen',
  keyCompare: 'Mit der Vorlage vergleichen',
  keyTour: 'Rundflug',
  keyFull: 'Vollbild',
  keyHelp: 'Diese Liste',
  keyClose: 'Schließen',
  touchPick: 'Tippen öffnet ein Bild; zwei Finger oder doppelt tippen zoomt; ziehen bewegt.',
};

const LANGUAGES: Readonly<Record<string, Readonly<Record<TextName, string>>>> = { en: ENGLISH, de: GERMAN };

/** Texts of one language. */
export class Texts {
  readonly language: string;
  private readonly texts: Readonly<Record<TextName, string>>;
  private readonly numbers: Intl.NumberFormat;

  /** @param language tag, as in `lang` of the page; English is taken for languages without texts. */
  constructor(language: string) {
    const own = language.split('-')[0]!.toLowerCase();
    this.texts = LANGUAGES[own] ?? ENGLISH;
    this.language = own in LANGUAGES ? own : 'en';
    this.numbers = new Intl.NumberFormat(this.language);
  }

  /** Returns a text, with values in it; numbers are written as the language does. */
  of(name: TextName, values: Readonly<Record<string, string | number>> = {}): string {
    return this.texts[name].replaceAll(/\{(\w+)\}/g, (_, key: string) => {
      const value = values[key] ?? '';
      return typeof value === 'number' ? this.number(value) : value;
    });
  }

  /** Returns the text for one, or that for several. */
  count(one: TextName, many: TextName, count: number): string {
    return count === 1 ? this.of(one) : this.of(many, { count });
  }

  number(value: number): string {
    return this.numbers.format(value);
  }
}
