import type { Writable } from 'node:stream';

/** Below, memory is from a pool that others share, or not worth the trouble. */
const LEAST_BYTES = 16_384;

/**
 * Writes a piece of a body and gives its memory back when it is written. Left to the garbage collector, that happens when 64 MiB
 * of pieces are there, and later on a busy machine.
 *
 * @param piece read by nobody else afterwards
 * @returns as `Writable.write`: false to wait for 'drain'
 */
export function writeAndFree(writable: Writable, piece: Buffer): boolean {
  const memory = piece.buffer;
  if (piece.length < LEAST_BYTES || piece.length !== memory.byteLength || !(memory instanceof ArrayBuffer)) {
    return writable.write(piece);
  }
  return writable.write(piece, (error) => {
    if (!error) memory.transfer(0);
  });
}
