/** The https origin of a host as browsers write it (RFC 6454 §6.2), by the port that they see. */
export function externalOrigin(host: string, port: number): string {
  return port === 443 ? `https://${host}` : `https://${host}:${port}`;
}
