/** An instance of a kernel: its functions, and its memory, which grows on demand and is nobody else's. */
export interface Kernel<Functions> {
  readonly call: Functions;
  /** Makes sure that `bytes` of memory are there and returns a fresh view of all of it. */
  reserve(bytes: number): Uint8Array;
}

/** Bytes that memory grows by. */
const PAGE = 65536;

const modules = new Map<string, WebAssembly.Module>();

/** Compiles a kernel, once. */
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

/** Memory of `bytes`, for kernels of several threads. */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** The functions of a kernel that works in memory which is given to it. */
export function joinKernel(base64: string, memory: WebAssembly.Memory): unknown {
  return new WebAssembly.Instance(compiled(base64), { env: { memory } }).exports;
}
