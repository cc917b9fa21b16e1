import { iconButton } from './dom.ts';
import type { Texts } from './strings.ts';

/** Time that a button tells of its success, ms. */
const TOLD_MS = 1600;

/** What is shared, and how. */
interface Sharing {
  readonly title: string;
  readonly texts: Texts;
  readonly showQr: () => void;
}

/** Makes the buttons that pass a link on: copy, the system's share sheet where there is one, and a QR code. */
export function shareButtons(link: string, { title, texts, showQr }: Sharing): HTMLElement[] {
  const copy = iconButton('link', texts.of('copyLink'), () => {
    void copyText(link).then((done) => {
      if (!done) return;
      copy.dataset['told'] = texts.of('copied');
      copy.setAttribute('aria-label', texts.of('copied'));
      setTimeout(() => {
        delete copy.dataset['told'];
        copy.setAttribute('aria-label', texts.of('copyLink'));
      }, TOLD_MS);
    });
  });
  const share = iconButton('share', texts.of('share'), () => {
    // People close the sheet; that is no error.
    navigator.share({ title, url: link }).catch(() => {});
  });
  share.hidden = typeof navigator.share !== 'function';
  return [copy, share, iconButton('qr', texts.of('qr'), showQr)];
}

/** Copies a text; pages opened from disk and by plain http may have no clipboard, so it is selected and copied. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'unseen';
    document.body.append(field);
    field.select();
    // The old command works where the new interface is refused.
    // oxlint-disable-next-line typescript/no-deprecated
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
