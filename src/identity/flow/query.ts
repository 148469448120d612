/** The value of a parameter that occurs exactly once in a query; null when it is missing, repeated or empty. */
export function onlyParameter(query: string, name: string): string | null {
  const values = new URLSearchParams(query).getAll(name);
  const [value] = values;
  return values.length === 1 && value !== undefined && value !== '' ? value : null;
}
