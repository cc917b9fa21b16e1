/** Reads the address of a site: absolute, http or https, without a slash at its end; undefined if it is none. */
export function baseUrlOf(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || /[?#\s\\]/.test(text)) return undefined;
  const url = parse(text);
  if (!url || url.username || url.password) return undefined;
  return url.href.replace(/\/+$/, '');
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
