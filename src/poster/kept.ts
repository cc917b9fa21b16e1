/** Keeps what was used last, up to a number of bytes. What is larger than that is kept while it is the only one. */
export class Kept<Value> {
  private readonly most: number;
  private readonly values = new Map<string, { readonly value: Value; readonly bytes: number }>();
  private bytes = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Returns a value that is kept; or makes it, which `bytes` tells the size of. */
  get(key: string, bytes: number, make: () => Value): Value {
    const known = this.values.get(key);
    if (known) {
      // Maps list their keys in the order of insertion: the first is the one that was used longest ago.
      this.values.delete(key);
      this.values.set(key, known);
      return known.value;
    }
    const value = make();
    this.values.set(key, { value, bytes });
    this.bytes += bytes;
    for (const [oldest, { bytes: less }] of this.values) {
      if (this.bytes <= this.most || oldest === key) break;
      this.values.delete(oldest);
      this.bytes -= less;
    }
    return value;
  }
}
