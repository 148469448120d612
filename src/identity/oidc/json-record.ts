/** An object of a JSON document, before anything is known of its members. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value is an object with keys, and no list. */
export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads text that must be one JSON object; null for anything else. */
export function parseJsonRecord(text: string): JsonRecord | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** A member of `record` itself (never of its prototype) that is a string; null otherwise. */
export function stringMember(record: JsonRecord, name: string): string | null {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return typeof value === 'string' ? value : null;
}

/** A member of `record` itself that is a finite number; null otherwise. */
export function numberMember(record: JsonRecord, name: string): number | null {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
