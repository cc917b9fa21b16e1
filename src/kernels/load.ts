/** An instance of a kernel: its functions, and its memory, which grows on demand and is nobody else's. */
export interface Kernel<Functions> {
  readonly call: Functions;
  /** Makes sure that `bytes` of memory are there and returns a fresh view of all of it. */
  reserve(bytes: number): Uint8Array;
}

const PAGE = 65536;

/** Instantiates a kernel from its base64. */
export function loadKernel<Functions>(base64: string): Kernel<Functions> {
  const module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
  const { exports } = new WebAssembly.Instance(module);
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
