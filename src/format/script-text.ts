/**
 * Parts of a site that a page loads when it needs them are scripts, since pages opened from disk can load nothing else. Each
 * is one line, a call of a function with the part's name and what it tells, as JSON. Programs, and pages on the web, read
 * it as text and run nothing.
 */

/** The text of a script that tells something. */
export function scriptText(global: string, name: string, told: unknown): string {
  return `${global}(${JSON.stringify(name)},${JSON.stringify(told)});\n`;
}

/** What {@link scriptText} was told; undefined if this is no such script of that name. */
export function readScript(text: string, global: string, name: string): unknown {
  const [head, tail] = [`${global}(${JSON.stringify(name)},`, ');\n'];
  if (!text.startsWith(head) || !text.endsWith(tail)) return undefined;
  try {
    return JSON.parse(text.slice(head.length, -tail.length)) as unknown;
  } catch {
    return undefined;
  }
}
