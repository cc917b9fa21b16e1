/** Reads the address of a site: absolute, http or https, without a slash at its end; undefined if it is none. */
export function baseUrlOf(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || /[?#\s\\]/.test(text)) return undefined;
  const url = parse(text);
  if (!url || url.username || url.password) return undefined;
  return withoutSlashes(url.href);
}

/** A text up to the slashes at its end; a pattern would look at every run of slashes for as long as it is, at each of its slashes. */
function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end--;
  return text.slice(0, end);
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
