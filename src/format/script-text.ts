/**
 * Data that the page loads on demand is stored as scripts, since a page opened from disk cannot load anything else. Each
 * script is one line: a call of a global function with the part's name and its data, both JSON. Programs, and pages on the
 * web, parse it as text and do not run it.
 */

/** Makes the text of a script that passes `told` to a global function. */
export function scriptText(global: string, name: string, told: unknown): string {
  return `${global}(${JSON.stringify(name)},${JSON.stringify(told)});\n`;
}

/** Parses a script, and returns its data; undefined if it is malformed, or of another function or name. */
export function readScript(text: string, global: string, name: string): unknown {
  const [head, tail] = [`${global}(${JSON.stringify(name)},`, ');\n'];
  if (!text.startsWith(head) || !text.endsWith(tail)) return undefined;
  try {
    return JSON.parse(text.slice(head.length, -tail.length)) as unknown;
  } catch {
    return undefined;
  }
}
