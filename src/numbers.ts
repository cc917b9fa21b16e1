/** A whole number as people read it: `43,776`. */
export function count(value: number): string {
  return value.toLocaleString('en-GB');
}
