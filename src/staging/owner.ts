import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../errors.ts';

/** A process that holds something on disk, as others can look it up. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /**
   * Which boot of which machine, which namespace of process ids, and when the process started there: where these are known and
   * the same, a process id tells whether the owner lives. Containers have namespaces of their own, with the same ids.
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

/** Whether a value, which anybody can have written, has the shape of an owner. */
export function isOwner(value: unknown): value is Owner {
  if (typeof value !== 'object' || value === null) return false;
  const { host, pid, space: own, started } = value as Readonly<Record<string, unknown>>;
  const isText = (text: unknown) => text === undefined || typeof text === 'string';
  return typeof host === 'string' && Number.isInteger(pid) && (pid as number) > 0 && isText(own) && isText(started);
}

/** Whether the process of an owner runs; undefined if that cannot be told from here. */
export function isRunning(owner: Owner): boolean | undefined {
  if (owner.space !== undefined) {
    return owner.space === spaceOfIds() ? startOf(owner.pid) === owner.started : undefined;
  }
  // Other systems than Linux: ids of dead processes may be given anew, so that one that exists proves nothing.
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
    // Where /proc is that of another namespace, its numbers are not ours.
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** When a process started, in ticks since boot: field 22 of proc(5)'s stat; undefined if there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, field 2, may hold anything.
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
