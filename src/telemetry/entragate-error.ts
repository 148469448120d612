/** The one error class of the project: what a log says (`message`, `cause`) and what a page may say (`publicMessage`) are different fields. */
export class EntragateError<Code extends string = string> extends Error {
  readonly code: Code;
  /** Safe to show to an anonymous client: names no secret, no foreign object, no internal address. */
  readonly publicMessage: string;

  /**
   * @param code stable machine-readable code, listed in docs/reference/errors.md
   * @param message for the log: what is wrong, where, and what to do
   * @param detail `publicMessage` for pages (default: none is shown) and the underlying `cause`
   */
  constructor(code: Code, message: string, detail: { readonly publicMessage?: string; readonly cause?: unknown } = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'EntragateError';
    this.code = code;
    this.publicMessage = detail.publicMessage ?? '';
  }
}
