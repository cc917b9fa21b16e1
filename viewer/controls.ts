/** Buttons and keys of the page, and fading of the controls. */
import OpenSeadragon from 'openseadragon';

const IDLE_MS = 4000;
const ZOOM_STEP = 2;
/** Distance per key press, as a fraction of the viewport's width. */
const PAN_STEP = 0.2;

type Action = 'zoom-in' | 'zoom-out' | 'home' | 'fullscreen';

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
  ArrowLeft: [-1, 0],
  a: [-1, 0],
  ArrowRight: [1, 0],
  d: [1, 0],
  ArrowUp: [0, -1],
  w: [0, -1],
  ArrowDown: [0, 1],
  s: [0, 1],
};

/** Connects the page's buttons. Hides that for fullscreen where it is not supported (iPhones, some frames). */
export function connectButtons({ viewport }: OpenSeadragon.Viewer): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('#controls [data-do]')) {
    const action = button.dataset['do'] as Action;
    if (action === 'fullscreen') button.hidden = !document.fullscreenEnabled;
    button.addEventListener('click', () => act(viewport, action));
  }
}

/** Connects the keyboard. Keys work wherever the focus is. */
export function connectKeys(viewer: OpenSeadragon.Viewer): void {
  // OpenSeadragon's own keys work only while it has the focus; some rotate or flip the image, which would be by mistake.
  viewer.addHandler('canvas-key', (event) => {
    event.preventDefaultAction = true;
  });
  const { viewport } = viewer;
  document.addEventListener('keydown', (event) => {
    const meant = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!meant || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (typeof meant === 'string') return act(viewport, meant);
    const step = viewport.getBounds().width * PAN_STEP;
    viewport.panBy(new OpenSeadragon.Point(meant[0] * step, meant[1] * step));
    viewport.applyConstraints();
  });
}

/** Tells the style sheet whether keys or a pointer were used last: the frame of the focus is for keys. */
export function showFocusOfKeys(): void {
  const note = (isKey: boolean) => () => void document.body.classList.toggle('keys', isKey);
  addEventListener('keydown', note(true), { passive: true, capture: true });
  addEventListener('pointerdown', note(false), { passive: true, capture: true });
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

function act(viewport: OpenSeadragon.Viewport, action: Action): void {
  if (action === 'fullscreen') return toggleFullscreen();
  if (action === 'home') viewport.goHome();
  else viewport.zoomBy(action === 'zoom-in' ? ZOOM_STEP : 1 / ZOOM_STEP);
  viewport.applyConstraints();
}

/** Toggles fullscreen of the whole page, as our controls lie outside OpenSeadragon's element. */
function toggleFullscreen(): void {
  const done = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  // The browser may refuse; nothing is lost.
  done.catch(() => {});
}
