/** Bundled workers, as text; see bundle.ts. */
declare module 'worker:*' {
  const script: string;
  export default script;
}
