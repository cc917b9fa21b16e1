import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../errors.ts';

/** The process that owns a file or folder on disk, described so that other processes can look it up. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /**
   * Process-id space (boot id and pid namespace), and start time of the process in ticks since boot. A process id identifies
   * the owner only if both are known and equal: each container has a pid namespace of its own, in which the same ids occur.
   */
  readonly space?: string;
  readonly started?: string;
}

/** This process. */
export function thisProcess(): Owner {
  const space = spaceOfIds();
  const started = space === undefined ? undefined : startOf(process.pid);
  const known = space === undefined || started === undefined ? {} : { space, started };
  return { host: hostname(), pid: process.pid, ...known };
}

/** Tells whether an untrusted value has the shape of an owner. */
export function isOwner(value: unknown): value is Owner {
  if (typeof value !== 'object' || value === null) return false;
  const { host, pid, space: own, started } = value as Readonly<Record<string, unknown>>;
  const isText = (text: unknown) => text === undefined || typeof text === 'string';
  return typeof host === 'string' && Number.isInteger(pid) && (pid as number) > 0 && isText(own) && isText(started);
}

/** Tells whether the owner's process runs; undefined if this process cannot look it up. */
export function isRunning(owner: Owner): boolean | undefined {
  if (owner.space !== undefined) {
    return owner.space === spaceOfIds() ? startOf(owner.pid) === owner.started : undefined;
  }
  // Systems other than Linux reuse the ids of dead processes: an id that exists proves nothing, a missing one does.
  if (process.platform === 'linux' || owner.host !== hostname()) return undefined;
  return exists(owner.pid) ? undefined : false;
}

let space: string | undefined | null = null;

function spaceOfIds(): string | undefined {
  if (space === null) space = readSpace();
  return space;
}

function readSpace(): string | undefined {
  try {
    // If /proc belongs to another pid namespace, its ids are not ours.
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/**
 * Start time of a process in ticks since boot (field 22 of `stat`, see proc(5)); undefined if it does not exist, or is a
 * zombie.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 2, the name, may contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[22 - 3];
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
