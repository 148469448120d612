import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { KeyPairPem } from './local-authority.ts';
import { UsageError } from './options.ts';

/**
 * Reads `--certificate` and `--key`, and tries them together; null where neither was given.
 *
 * @throws UsageError when one is missing, a file cannot be read, or the two do not belong together
 */
export function readKeyPair(certificateFile: string, keyFile: string): KeyPairPem | null {
  if (certificateFile === '' && keyFile === '') return null;
  if (keyFile === '') throw new UsageError('--certificate needs --key, the file of its private key');
  if (certificateFile === '') throw new UsageError('--key needs --certificate, the file of its certificate');
  const pair = { certPem: readPem('certificate', certificateFile), keyPem: readPem('key', keyFile) };
  try {
    createSecureContext({ cert: pair.certPem, key: pair.keyPem });
  } catch {
    // OpenSSL's message may quote the PEM: it is left out.
    throw new UsageError(`--certificate ${certificateFile} and --key ${keyFile} are no PEM certificate and its key`);
  }
  return pair;
}

function readPem(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `--${option}: ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}
