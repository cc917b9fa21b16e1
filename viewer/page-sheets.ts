/** A sheet over the page that opens and closes. */
export interface PageSheet {
  readonly isOpen: boolean;
  open(): void;
  close(): void;
}

/** The sheets of the page, each made when it is first opened; at most one is open. */
export class Sheets<Name extends string> {
  private readonly makers: Readonly<Record<Name, () => Promise<PageSheet>>>;
  private readonly made = new Map<Name, PageSheet>();

  constructor(makers: Readonly<Record<Name, () => Promise<PageSheet>>>) {
    this.makers = makers;
  }

  /** Opens a sheet, or closes it. */
  async toggle(name: Name): Promise<void> {
    const known = this.made.get(name);
    if (known?.isOpen) return known.close();
    try {
      const sheet = known ?? (await this.makers[name]());
      this.made.set(name, sheet);
      this.close();
      sheet.open();
    } catch {
      // Its script cannot be loaded now; the next try may succeed.
    }
  }

  /** Closes the open sheet, and tells whether there was one. */
  close(): boolean {
    const open = [...this.made.values()].find(({ isOpen }) => isOpen);
    open?.close();
    return open !== undefined;
  }
}
