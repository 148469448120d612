import { createHash } from 'node:crypto';
import { tableKey } from '../../snapshot/ids.ts';
import type { IdentityProvider } from '../../snapshot/snapshot.ts';

/** Bytes behind a provider binding. */
export const bindingBytes = 16;

/** For sealed values that no provider vouches for, such as the sign-out marker. */
export const noProvider = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * Hash of what a session owes its trust to: the provider's name, issuer, client and tenant list. What was sealed under
 * one configuration ends with it. {@link bindingBytes} bytes, base64url; not secret.
 */
export function providerBinding(provider: IdentityProvider): string {
  const known = bindings.get(provider);
  if (known !== undefined) return known;
  const binding = createHash('sha256')
    .update(tableKey(...bound(provider)))
    .digest()
    .subarray(0, bindingBytes)
    .toString('base64url');
  bindings.set(provider, binding);
  return binding;
}

const bindings = new WeakMap<IdentityProvider, string>();

function bound(provider: IdentityProvider): readonly string[] {
  const { name, type, clientId } = provider;
  switch (provider.type) {
    case 'EntraID':
      return [name, type, clientId, provider.authority, provider.tenantId, ...provider.allowedTenants];
    case 'OIDC':
      return [name, type, clientId, provider.issuer];
    default:
      return provider satisfies never;
  }
}
