/** An instance of a kernel: its functions, and its own memory, which grows on demand. */
export interface Kernel<Functions> {
  readonly call: Functions;
  /** Grows the memory to at least `bytes` and returns a fresh view of all of it. */
  reserve(bytes: number): Uint8Array;
}

/** Bytes by which memory grows. */
const PAGE = 65536;

const modules = new Map<string, WebAssembly.Module>();

/** Compiles a kernel, once per thread. */
function compiled(base64: string): WebAssembly.Module {
  const known = modules.get(base64);
  if (known) return known;
  const module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
  modules.set(base64, module);
  return module;
}

/** Instantiates a kernel from its base64. */
export function loadKernel<Functions>(base64: string): Kernel<Functions> {
  const { exports } = new WebAssembly.Instance(compiled(base64));
  const memory = exports['memory'] as WebAssembly.Memory;
  return {
    call: exports as Functions,
    reserve(bytes) {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      return new Uint8Array(memory.buffer);
    },
  };
}

/** Allocates `bytes` of memory for kernels of several threads. */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Instantiates a kernel in given memory; returns its functions. */
export function joinKernel(base64: string, memory: WebAssembly.Memory): unknown {
  return new WebAssembly.Instance(compiled(base64), { env: { memory } }).exports;
}
