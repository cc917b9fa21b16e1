/** Markers of JPEG, each the byte behind 0xFF (ITU-T T.81, table B.1). */
export const MARKER = {
  TEM: 0x01,
  /** Frames by coding: baseline, extended sequential, progressive; SOF15 is the last. */
  SOF0: 0xc0,
  SOF1: 0xc1,
  SOF2: 0xc2,
  SOF15: 0xcf,
  /** Numbers in the range of frames that are none. */
  DHT: 0xc4,
  JPG: 0xc8,
  DAC: 0xcc,
  RST0: 0xd0,
  RST7: 0xd7,
  SOI: 0xd8,
  EOI: 0xd9,
  SOS: 0xda,
  DQT: 0xdb,
  DNL: 0xdc,
  DRI: 0xdd,
  APP0: 0xe0,
  APP1: 0xe1,
  APP2: 0xe2,
  APP14: 0xee,
  APP15: 0xef,
  COM: 0xfe,
} as const;

const NO_FRAMES: ReadonlySet<number> = new Set([MARKER.DHT, MARKER.JPG, MARKER.DAC]);

/** Tells whether a marker is SOFn, of any coding. */
export function isFrame(marker: number): boolean {
  return marker >= MARKER.SOF0 && marker <= MARKER.SOF15 && !NO_FRAMES.has(marker);
}

/** Tells whether a marker is RSTn, which occurs within entropy-coded data. */
export function isRestart(marker: number): boolean {
  return marker >= MARKER.RST0 && marker <= MARKER.RST7;
}

/** Tells whether a marker is APPn, whose content programs choose. */
export function isApplication(marker: number): boolean {
  return marker >= MARKER.APP0 && marker <= MARKER.APP15;
}

/** Tells whether a marker is followed by no length and body. */
export function standsAlone(marker: number): boolean {
  return marker === 0 || marker === MARKER.TEM || (marker >= MARKER.RST0 && marker <= MARKER.EOI);
}

/** Formats a marker for messages, as `0xffda`. */
export function markerText(marker: number): string {
  return `0xff${marker.toString(16).padStart(2, '0')}`;
}
