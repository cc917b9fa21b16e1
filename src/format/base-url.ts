/**
 * Parses the address of a site: an absolute http or https URL. Returns it without slashes at its end; undefined if it is
 * none.
 */
export function baseUrlOf(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || /[?#\s\\]/.test(text)) return undefined;
  const url = parse(text);
  if (!url || url.username || url.password) return undefined;
  return withoutSlashes(url.href);
}

/** Removes the slashes at the end of a text. A regular expression would take quadratic time on long runs of slashes. */
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
