import { open, rename, rm } from 'node:fs/promises';

const WRITE_BYTES = 4 * 2 ** 20;

/**
 * Writes files under temporary names, syncs them, and renames them in their order: each file is there whole or not at all, and a
 * process that is killed in between has all but certainly renamed all of them, or none.
 *
 * @param files paths and contents; each part of a content is asked for when it is written.
 * @param ending ending of the temporary names.
 */
export async function writeWhole(
  files: readonly (readonly [path: string, parts: Iterable<Uint8Array>])[],
  ending: string,
): Promise<void> {
  try {
    for (const [path, parts] of files) await writeSynced(path + ending, parts);
    for (const [path] of files) await rename(path + ending, path);
  } catch (error) {
    for (const [path] of files) await rm(path + ending, { force: true });
    throw error;
  }
}

async function writeSynced(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w');
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
