import type { Socket } from 'node:net';

/**
 * Has a bare connection, handed over for an upgrade that will not come, closed when its client leaves. What the client sent
 * behind its handshake is dropped: unread, it would hide the end.
 */
export function seeClientLeave(socket: Socket): void {
  socket.once('end', () => socket.destroy());
  socket.resume();
}
