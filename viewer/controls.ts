/** What buttons and keys do, and when controls step back. */
import OpenSeadragon from 'openseadragon';

const IDLE_MS = 4000;
const ZOOM_STEP = 2;
/** Of the view's width per key press. */
const PAN_STEP = 0.2;

type Action = 'zoom-in' | 'zoom-out' | 'home' | 'fullscreen';

/** Keys, letters in lower case, and what they mean: an action, or a direction to move to. */
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

/** Connects the page's buttons; without the fullscreen button where there is no fullscreen (iPhones, some frames). */
export function connectButtons({ viewport }: OpenSeadragon.Viewer): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('#controls [data-do]')) {
    const action = button.dataset['do'] as Action;
    if (action === 'fullscreen') button.hidden = !document.fullscreenEnabled;
    button.addEventListener('click', () => act(viewport, action));
  }
}

/** Connects the keyboard: keys work wherever the focus is. */
export function connectKeys(viewer: OpenSeadragon.Viewer): void {
  // OpenSeadragon listens only while it has the focus, and turns and mirrors the picture, which nobody means to do.
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

/** Lets everything but the picture step back while nothing happens. */
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

/** The whole page, not OpenSeadragon's element alone: its controls are ours. */
function toggleFullscreen(): void {
  const done = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  // A browser that refuses has its reasons, and nothing is lost.
  done.catch(() => {});
}
