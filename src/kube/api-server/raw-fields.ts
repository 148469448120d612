import { isRecord } from '../../api/normalize.ts';

/** What the API server answered, before anybody has looked at its form. */
export type RawFields = Readonly<Record<string, unknown>>;

/** The fields of what should be an object; none where it is something else, or is not there. */
export function rawFields(value: unknown): RawFields {
  return isRecord(value) ? value : {};
}

/** The objects of what should be a list of them; none where it is something else, or is not there. */
export function rawList(value: unknown): readonly RawFields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
