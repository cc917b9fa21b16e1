import { encode } from 'uqr';

/** Side of a module of a QR code, px. */
const MODULE = 4;

/** Draws the QR code of a text, dark on light with the border that readers need (ISO/IEC 18004: four modules). */
export function qrCode(text: string): HTMLCanvasElement {
  const { data, size } = encode(text, { border: 4 });
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * MODULE;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', text);
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#000';
  for (const [y, row] of data.entries()) {
    for (const [x, dark] of row.entries()) if (dark) context.fillRect(x * MODULE, y * MODULE, MODULE, MODULE);
  }
  return canvas;
}
