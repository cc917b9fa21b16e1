import { hostname, networkInterfaces } from 'node:os';

/** Addresses that stand for all of a machine's. */
const ALL = ['0.0.0.0', '[::]'];
/** What only this machine reaches. */
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];
const HTTP_PORT = 80;

/**
 * The names by which requests may ask for a server. A browser tells the name in the address bar in every request, and no page
 * can have it tell another: so a page of others whose name was made to lead here is known by its name.
 */
export class HostNames {
  /** The server's own, as in its address. */
  readonly own: string;
  private readonly names: ReadonlySet<string>;
  private readonly port: number;
  private readonly isAll: boolean;

  /** @param host address or name that the server listens on. */
  constructor(host: string, port: number) {
    const own = canonical(host.includes(':') ? `[${host}]` : host)?.name ?? host;
    this.own = `${own}:${port}`;
    this.port = port;
    this.isAll = ALL.includes(own);
    this.names = new Set([...LOCAL, own]);
  }

  /** Whether a `Host` header names this server. */
  include(header: string): boolean {
    const asked = canonical(header);
    if (asked?.port !== this.port) return false;
    return this.names.has(asked.name) || (this.isAll && machineNames().includes(asked.name));
  }
}

/** Names of this machine in its networks, which may change while a server runs. */
function machineNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((own) => own ?? []);
  const own = hostname().toLowerCase();
  return [
    own,
    `${own}.local`,
    ...addresses.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
  ];
}

/** A name or address as browsers write it, and the port; undefined if it is none. */
function canonical(host: string): { readonly name: string; readonly port: number } | undefined {
  if (!/^(?:[\w.-]+|\[[\d.:a-f]+\])(?::\d{1,5})?$/i.test(host)) return undefined;
  try {
    const { hostname: name, port } = new URL(`http://${host}`);
    return { name: name.replace(/\.$/, ''), port: port === '' ? HTTP_PORT : Number(port) };
  } catch {
    return undefined;
  }
}
