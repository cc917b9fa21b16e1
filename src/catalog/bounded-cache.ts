/** Cache bounded by a number of bytes. Evicts in the order of insertion. */
export class BoundedCache<Value> {
  private readonly entries = new Map<number, { value: Value; bytes: number }>();
  private readonly limit: number;
  private bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: number): Value | undefined {
    return this.entries.get(key)?.value;
  }

  set(key: number, value: Value, bytes: number): void {
    this.entries.set(key, { value, bytes });
    this.bytes += bytes;
    for (const [oldest, entry] of this.entries) {
      if (this.bytes <= this.limit) return;
      this.entries.delete(oldest);
      this.bytes -= entry.bytes;
    }
  }
}
