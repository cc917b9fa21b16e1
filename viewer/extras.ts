/**
 * Parts of the page that few visits need: the search, the comparison, the tour, QR codes, the list of pictures in view, the sheet of help. They are a script of their own, which is
 * loaded when one of them is first used.
 */
export { Compare } from './compare.ts';
export { Help } from './help.ts';
export { qrCode } from './qr.ts';
export { Search } from './search.ts';
export { SearchIndex } from './search-index.ts';
export { Tour } from './tour.ts';
export { ViewList } from './view-list.ts';
