/**
 * A time as `MicroTime` of the Kubernetes API: RFC 3339 with microseconds.
 *
 * @param now milliseconds since the epoch
 */
export function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}

/**
 * A time as `Time` of the Kubernetes API: RFC 3339 in seconds.
 *
 * @param now milliseconds since the epoch
 */
export function secondTime(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}
