/** Buttons and keys of the page, and fading of the controls. */
import OpenSeadragon from 'openseadragon';
import { icon, type IconName, make } from './dom.ts';
import type { TextName, Texts } from './strings.ts';

const IDLE_MS = 4000;
const ZOOM_STEP = 2;
/** Distance per key press, as a fraction of the viewport's width. */
const PAN_STEP = 0.2;

/** What buttons and keys do. */
export type Action =
  | 'zoom-in'
  | 'zoom-out'
  | 'home'
  | 'fullscreen'
  | 'search'
  | 'list'
  | 'compare'
  | 'tour'
  | 'help'
  | 'pick'
  | 'previous'
  | 'next'
  | 'close';

/** What is done for each action. Actions without an entry have no button, and their keys do nothing. */
export type Acts = Partial<Record<Action, () => void>>;

/** Actions of keys (letters in lower case): a command, or a direction to pan. */
const KEYS: Record<string, Action | readonly [number, number]> = {
  '+': 'zoom-in',
  '=': 'zoom-in',
  '-': 'zoom-out',
  _: 'zoom-out',
  '0': 'home',
  h: 'home',
  Home: 'home',
  f: 'fullscreen',
  '/': 'search',
  l: 'list',
  c: 'compare',
  t: 'tour',
  '?': 'help',
  Enter: 'pick',
  '[': 'previous',
  ']': 'next',
  p: 'previous',
  n: 'next',
  Escape: 'close',
  ArrowLeft: [-1, 0],
  a: [-1, 0],
  ArrowRight: [1, 0],
  d: [1, 0],
  ArrowUp: [0, -1],
  w: [0, -1],
  ArrowDown: [0, 1],
  s: [0, 1],
};

/** Buttons, in order: action, icon, name, and key. */
const BUTTONS: readonly (readonly [Action & IconName, TextName, string])[] = [
  ['search', 'search', '/'],
  ['zoom-in', 'zoomIn', '+'],
  ['zoom-out', 'zoomOut', '-'],
  ['home', 'whole', '0'],
  ['compare', 'compare', 'c'],
  ['tour', 'tour', 't'],
  ['fullscreen', 'fullscreen', 'f'],
  ['help', 'help', '?'],
  // Seen only while it has the focus; see viewer.css.
  ['list', 'list', 'l'],
];

/** What the page does by itself for the actions that only move the view. */
export function viewActs({ viewport }: OpenSeadragon.Viewer): Acts {
  const zoom = (factor: number) => () => {
    viewport.zoomBy(factor);
    viewport.applyConstraints();
  };
  return {
    'zoom-in': zoom(ZOOM_STEP),
    'zoom-out': zoom(1 / ZOOM_STEP),
    home: () => void viewport.goHome(),
    // iPhones and some frames have none.
    ...(document.fullscreenEnabled && { fullscreen: toggleFullscreen }),
  };
}

/** Makes the buttons of all actions that are possible. */
export function addButtons(nav: HTMLElement, acts: Acts, texts: Texts): void {
  for (const [action, name, key] of BUTTONS) {
    const act = acts[action];
    if (!act) continue;
    const label = texts.of(name);
    const attributes = {
      type: 'button',
      'data-do': action,
      title: `${label} (${key})`,
      'aria-label': label,
      click: act,
    };
    nav.append(make('button', attributes, [icon(action)]));
  }
}

/** Connects the keyboard. Keys work wherever the focus is, but in fields and on buttons that use them. */
export function connectKeys(viewer: OpenSeadragon.Viewer, acts: Acts): void {
  // OpenSeadragon's own keys work only while it has the focus; some rotate or flip the image, which would be by mistake.
  viewer.addHandler('canvas-key', (event) => {
    event.preventDefaultAction = true;
  });
  const { viewport } = viewer;
  document.addEventListener('keydown', (event) => {
    const meant = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!meant || event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    if (typeof meant === 'string') {
      const act = acts[meant];
      if (!act) return;
      event.preventDefault();
      return act();
    }
    event.preventDefault();
    const step = viewport.getBounds().width * PAN_STEP;
    viewport.panBy(new OpenSeadragon.Point(meant[0] * step, meant[1] * step));
    viewport.applyConstraints();
  });
}

/** Tells whether a key belongs to the element that has the focus: letters to a field, Enter to a button or link. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element) || key === 'Escape') return false;
  if (target.closest('input, textarea, select')) return true;
  return key === 'Enter' && target.closest('button, a[href], [role=button]') !== null;
}

/** Tells the style sheet whether keys or a pointer were used last: the frame of the focus is for keys. */
export function showFocusOfKeys(): void {
  const note = (isKey: boolean) => () => void document.body.classList.toggle('keys', isKey);
  addEventListener('keydown', note(true), { passive: true, capture: true });
  addEventListener('pointerdown', note(false), { passive: true, capture: true });
}

/** Tells whether keys were used last. */
export function areKeysUsed(): boolean {
  return document.body.classList.contains('keys');
}

/** Fades the controls while there is no input. */
export function fadeWhenIdle(): void {
  let timer = 0;
  const wake = () => {
    document.body.classList.remove('idle');
    clearTimeout(timer);
    timer = setTimeout(() => document.body.classList.add('idle'), IDLE_MS);
  };
  const events = ['pointermove', 'pointerdown', 'keydown', 'wheel'];
  for (const event of events) addEventListener(event, wake, { passive: true, capture: true });
  wake();
}

/** Toggles fullscreen of the whole page, as our controls lie outside OpenSeadragon's element. */
function toggleFullscreen(): void {
  const done = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  // The browser may refuse; nothing is lost.
  done.catch(() => {});
}
