/** Reads `placement.js`, which tells which source stands in which cell. */
namespace Zoomosaic {
  /** Source ids of the cells, row-major. */
  export type Placement = Uint16Array | Uint32Array;

  /**
   * Loads the placement, as a script since pages opened from disk can fetch nothing; `null` if it is missing or is not
   * of this mosaic.
   */
  export function loadPlacement({ placement, grid }: Mosaic): Promise<Placement | null> {
    return new Promise((done) => {
      const receive = (base64: string) => {
        const cells = decodePlacement(base64, placement.type);
        done(cells?.length === grid.columns * grid.rows ? cells : null);
      };
      Object.assign(window, { zoomosaicPlacement: receive });
      const script = document.createElement('script');
      // Of a script that has called, nothing changes any more; one that has not is broken.
      for (const event of ['load', 'error']) script.addEventListener(event, () => done(null));
      script.src = placement.file;
      document.head.append(script);
    });
  }

  /** Little endian, as is every machine with a browser. */
  function decodePlacement(base64: string, type: 'u16' | 'u32'): Placement | null {
    try {
      const text = atob(base64);
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return type === 'u16' ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
    } catch {
      return null;
    }
  }
}
