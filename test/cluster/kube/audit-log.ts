import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A request as the API server noted it (audit.k8s.io/v1, level Metadata). */
export interface AuditedRequest {
  readonly auditID: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number };
  readonly requestReceivedTimestamp: string;
}

/** Who asked an API server for what. */
export interface AuditLog {
  /** Flags of the API server that writes it. */
  readonly flags: readonly string[];
  /** Requests of a ServiceAccount so far, each once, in the order of their answers. */
  readonly requestsOf: (namespace: string, account: string) => readonly AuditedRequest[];
  readonly remove: () => void;
}

const policy = fileURLToPath(new URL('./audit-policy.yaml', import.meta.url));

/** A log that nothing is in yet: the API server has to be started with its flags. */
export function createAuditLog(): AuditLog {
  const file = join(tmpdir(), `entragate-audit-${randomUUID()}.log`);
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${file}`],
    requestsOf: (namespace, account) => {
      const username = `system:serviceaccount:${namespace}:${account}`;
      const lines = readFileSync(file, 'utf8').split('\n');
      const asked = lines.filter((line) => line.includes(`"username":"${username}"`));
      const requests = asked.map((line): AuditedRequest => JSON.parse(line));
      // A watch is noted twice: when it begins, and when it ends.
      return [...new Map(requests.map((request) => [request.auditID, request])).values()];
    },
    remove: () => rmSync(file, { force: true }),
  };
}

/** Which token asked: that of one Pod (`authentication.kubernetes.io/credential-id`). */
export function credentialOf({ user }: AuditedRequest): string {
  return user.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '';
}
