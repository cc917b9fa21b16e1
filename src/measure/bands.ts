/**
 * Greatest number of px per band, and per size of the mosaic. Of larger images, about the third number of bands is
 * measured, evenly spread.
 */
const BAND_PX = 2 ** 18;
const MEASURED_PX = 2 ** 21;
const BANDS = 24;

/** Chooses the bands to measure; each has whole rows of cells. */
export function bandsOf(width: number, height: number, cellPx: number): { top: number; rows: number }[] {
  const skipped = Math.ceil((width * height) / MEASURED_PX);
  // Where only a part is measured, many narrow bands are more representative than a few wide ones.
  const most = skipped > 1 ? Math.min(BAND_PX / width, height / BANDS / skipped) : BAND_PX / width;
  const rows = Math.max(cellPx, Math.floor(most / cellPx) * cellPx);
  // Measures at least one band, even in an image with few, very long rows.
  const every = Math.min(skipped, Math.ceil(height / rows));
  const bands = [];
  for (let top = Math.floor(every / 2) * rows; top < height; top += every * rows) {
    bands.push({ top, rows: Math.min(rows, height - top) });
  }
  return bands;
}
