import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { decodeHere, type HeicJob, type HeicReply } from './heic.ts';

try {
  const { file, lenient } = workerData as HeicJob;
  const { buffer, byteOffset, byteLength } = decodeHere(file, lenient);
  const tiff = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  parentPort!.postMessage({ tiff } satisfies HeicReply, [tiff.buffer]);
} catch (error) {
  parentPort!.postMessage({ error: messageOf(error) } satisfies HeicReply);
}
