import { open, rename, rm } from 'node:fs/promises';

const WRITE_BYTES = 4 * 2 ** 20;

/**
 * Writes a file under a temporary name, syncs it, and renames it: the file is there whole or not at all.
 *
 * @param parts its content; each part is asked for when it is written.
 */
export async function writeWhole(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      for (const some of inGroups(parts)) {
        const { bytesWritten } = await file.writev(some);
        const expected = some.reduce((sum, part) => sum + part.length, 0);
        // A full disk takes a part without an error. Writing the rest then fails.
        if (bytesWritten < expected) await file.writeFile(Buffer.concat(some).subarray(bytesWritten));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Groups parts into writes of about {@link WRITE_BYTES}. */
function* inGroups(parts: Iterable<Uint8Array>): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    group.push(part);
    bytes += part.length;
    if (bytes < WRITE_BYTES) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}
