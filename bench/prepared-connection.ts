import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One keep-alive connection that sends the same bytes again and again; it costs the load's processor next to nothing. */
export class PreparedConnection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #received = '';
  #onAnswer: (status: number) => void = () => {};
  #onEnd: (error: Error) => void = () => {};

  private constructor(socket: Socket, request: string) {
    this.#socket = socket;
    this.#request = Buffer.from(request, 'latin1');
    socket.setNoDelay().setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#onEnd(error));
    socket.on('close', () => this.#onEnd(new Error('The server closed the connection')));
  }

  /** @param request a whole request, as bytes in Latin-1, whose answers carry a Content-Length */
  static async open(port: number, request: string): Promise<PreparedConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new PreparedConnection(socket, request);
  }

  /** Sends the request once. @returns the status, when the last byte of the answer is there */
  exchange(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#onAnswer = resolve;
      this.#onEnd = reject;
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#onEnd = () => {};
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(this.#received.slice(0, headEnd + 2))?.[1];
    if (length === undefined) throw new Error('An answer without Content-Length');
    if (this.#received.length < headEnd + 4 + Number(length)) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#onAnswer(status);
  }
}
