/**
 * Remembers what sealed texts, or the Cookie fields around them, opened to, in bounded memory: two generations, the older
 * dropped when the younger is full, so that what is in use stays.
 *
 * Looked up by the text's last characters (the authentication tag, so as good as random) and then compared whole: cheaper
 * than hashing a kilobyte for each request, and never a match on a part.
 */
export class SessionCache<Value> {
  readonly #maxCharacters: number;
  #young = new Map<string, CacheEntry<Value>>();
  #old = new Map<string, CacheEntry<Value>>();
  #characters = 0;

  /** @param maxCharacters most sealed characters in each of the two generations; values take about four times as many bytes */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  get(sealed: string, host: string): Value | null {
    const tail = sealed.slice(-tailLength);
    const entry = this.#young.get(tail) ?? this.#old.get(tail);
    if (entry === undefined || entry.sealed !== sealed || entry.host !== host) return null;
    if (!entry.isYoung) this.#insert(entry);
    return entry.value;
  }

  set(sealed: string, host: string, value: Value): void {
    // Copies: what is cut from a Cookie field would keep the whole field in memory.
    const own = Buffer.from(sealed, 'latin1').toString('latin1');
    this.#insert({ sealed: own, host, value, isYoung: true });
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#characters = 0;
  }

  #insert(entry: CacheEntry<Value>): void {
    if (this.#characters + entry.sealed.length > this.#maxCharacters) this.#age();
    entry.isYoung = true;
    this.#young.set(entry.sealed.slice(-tailLength), entry);
    this.#characters += entry.sealed.length;
  }

  #age(): void {
    for (const entry of this.#young.values()) entry.isYoung = false;
    this.#old = this.#young;
    this.#young = new Map();
    this.#characters = 0;
  }
}

const tailLength = 22;

interface CacheEntry<Value> {
  readonly sealed: string;
  readonly host: string;
  readonly value: Value;
  isYoung: boolean;
}
