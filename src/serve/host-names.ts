import { hostname, networkInterfaces } from 'node:os';

/** Wildcard addresses, which listen on all addresses of the machine. */
const ALL = ['0.0.0.0', '[::]'];
/** Names and addresses that only this machine can reach. */
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];
const HTTP_PORT = 80;

/**
 * The host names that this server answers to, against DNS rebinding. In that attack, a foreign page's own name is made to
 * resolve to this server, so that the page may read its answers. But a browser sends the name in the address bar as the
 * `Host` header, which no page can forge. So requests with a foreign name are recognised, and refused.
 */
export class HostNames {
  /** Host and port of the server, as in its URL. */
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

  /** Tells whether a `Host` header names this server. */
  include(header: string): boolean {
    const asked = canonical(header);
    if (asked?.port !== this.port) return false;
    return this.names.has(asked.name) || (this.isAll && machineNames().includes(asked.name));
  }
}

/** Lists the host names and addresses of this machine. They may change while the server runs. */
function machineNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((own) => own ?? []);
  const own = hostname().toLowerCase();
  return [
    own,
    `${own}.local`,
    ...addresses.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
  ];
}

/** Normalises a host to the form browsers send, and separates its port; undefined if it is malformed. */
function canonical(host: string): { readonly name: string; readonly port: number } | undefined {
  if (!/^(?:[\w.-]+|\[[\d.:a-f]+\])(?::\d{1,5})?$/i.test(host)) return undefined;
  try {
    const { hostname: name, port } = new URL(`http://${host}`);
    return { name: name.replace(/\.$/, ''), port: port === '' ? HTTP_PORT : Number(port) };
  } catch {
    return undefined;
  }
}
