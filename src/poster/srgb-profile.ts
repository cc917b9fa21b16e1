import { sharp } from '../image/sharp.ts';

/** Returns the ICC profile of sRGB, which tells programs for print what the colours of a poster mean. */
export async function srgbProfile(): Promise<Uint8Array> {
  const px = sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } });
  const { icc } = await sharp(await px.withIccProfile('srgb').png().toBuffer()).metadata();
  if (!icc) throw new Error('libvips has no profile of sRGB');
  return icc;
}
