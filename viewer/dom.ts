/** Elements of the page. Texts are always text, never markup. */

/** Attributes of an element; a function listens to the event of its name. */
type Attributes = Readonly<Record<string, string | boolean | undefined | ((event: Event) => void)>>;

/** Makes an element with attributes and children. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (typeof value === 'string') element.setAttribute(key, value);
    else element.toggleAttribute(key, value === true);
  }
  element.append(...children);
  return element;
}

/** Strokes of the icons, in a square of 24 px. */
const ICONS = {
  close: 'M6 6l12 12M18 6L6 18',
  previous: 'M14.5 6l-6 6 6 6',
  next: 'M9.5 6l6 6-6 6',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  share: 'M12 15V4M8 7.5L12 3.5l4 4M6 11v8.5h12V11',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2M14 18h2v2M18 18h2v2',
  open: 'M10 5H5v14h14v-5M13 5h6v6M19 5l-8.5 8.5',
  download: 'M12 4v11M8 11.5l4 4 4-4M5 19.5h14',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20',
  list: 'M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  compare: 'M12 3v18M4 6h5M4 12h5M4 18h5M15 6h5v12h-5',
  tour: 'M8 5.5v13l10.5-6.5z',
  help: 'M9 9a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 1.8v.5M12 17.5v.3',
  'zoom-in': 'M12 5v14M5 12h14',
  'zoom-out': 'M5 12h14',
  home: 'M4 11l8-7 8 7M6.5 9.5V20h11V9.5',
  fullscreen: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
} as const;

export type IconName = keyof typeof ICONS;

/** Makes an icon. */
export function icon(name: IconName): SVGSVGElement {
  const NAMESPACE = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(NAMESPACE, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(NAMESPACE, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** Makes a button with an icon, named for everyone who cannot see it. */
export function iconButton(name: IconName, label: string, act: (event: Event) => void): HTMLButtonElement {
  return make('button', { type: 'button', class: 'icon', title: label, 'aria-label': label, click: act }, [icon(name)]);
}

/**
 * Gives the focus back to what had it before a part of the page was opened. If that cannot have it any more, nothing has:
 * a field that is hidden would take keys until the page is drawn again.
 */
export function giveBackFocus(before: Element | null, from: HTMLElement): void {
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  const active = document.activeElement;
  if (active instanceof HTMLElement && from.contains(active)) active.blur();
}
