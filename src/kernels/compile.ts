/**
 * Compiles the AssemblyScript kernels beside this file (`npm run kernels`) into modules that hold the WebAssembly as
 * base64, so that nothing has to be found or fetched at run time. A test compiles them again and compares.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { main } from 'assemblyscript/asc';

const here = fileURLToPath(new URL('.', import.meta.url));

const OPTIONS = ['--enable', 'simd', '--runtime', 'stub', '--noAssert', '-O3', '--converge'];
/** Kernels that import their memory, which threads share. */
const SHARED: ReadonlySet<string> = new Set(['priced']);
const SHARED_OPTIONS = ['--enable', 'threads', '--importMemory', '--sharedMemory', '--maximumMemory', '65536'];

/** Lists the names of the kernels: `name.as.ts` becomes `name.wasm.ts`. */
export async function kernelNames(): Promise<string[]> {
  const files = await readdir(here);
  return files.filter((file) => file.endsWith('.as.ts')).map((file) => file.slice(0, -'.as.ts'.length));
}

/** Compiles a kernel; returns the text of `name.wasm.ts`. */
export async function compileKernel(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zoomosaic-kernel-'));
  try {
    const wasm = join(folder, 'kernel.wasm');
    const options = [...OPTIONS, ...(SHARED.has(name) ? SHARED_OPTIONS : [])];
    const { error } = await main([`${name}.as.ts`, '--baseDir', here, '--outFile', wasm, ...options]);
    if (error) throw new Error(`${name}.as.ts does not compile: ${error.message}`, { cause: error });
    const base64 = (await readFile(wasm)).toString('base64');
    const lines = base64.match(/.{1,110}/g)!.map((line) => `  '${line}'`);
    return `// Made of ${name}.as.ts by \`npm run kernels\`; do not edit.\nexport const WASM: string = [\n${lines.join(',\n')},\n].join('');\n`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const name of await kernelNames()) await writeFile(join(here, `${name}.wasm.ts`), await compileKernel(name));
}
