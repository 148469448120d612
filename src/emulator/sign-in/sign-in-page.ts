import type { AadstsErrorBody } from '../aadsts-error.ts';
import type { Account } from '../directory/directory.ts';
import type { EmulatorApp } from '../directory/tenant.ts';
import type { EmulatorResponse } from '../http-exchange.ts';
import { escapeHtml, page } from './page.ts';

function groupsInWords(account: Account): string {
  const names = account.tenant.groups
    .filter((group) => account.user.groupIds.includes(group.id))
    .map((group) => group.displayName);
  if (names.length === 0) return 'no groups';
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

const userButton = (account: Account) => {
  const { username, displayName, guest } = account.user;
  const kind = guest === null ? '' : 'guest, ';
  return `<button name="username" value="${escapeHtml(username)}">${escapeHtml(displayName)}
<small>${escapeHtml(username)} (${kind}${escapeHtml(groupsInWords(account))})</small></button>`;
};

/**
 * One form, one button per user, no hidden field and no script: browsers and scripts drive it alike.
 * @param action the form's address, which also says what is being signed in to
 */
export function signInPage(
  action: string,
  client: EmulatorApp,
  accounts: readonly Account[],
  error: AadstsErrorBody | null,
): EmulatorResponse {
  const message = error === null ? '' : `<p role="alert">${escapeHtml(error.error_description)}</p>`;
  return page({
    status: error === null ? 200 : 400,
    title: 'Pick an account',
    body: `<p>to sign in to <strong>${escapeHtml(client.displayName)}</strong>. This is the Entra emulator: no password.</p>
${message}
<form method="post" action="${escapeHtml(action)}">
${accounts.map(userButton).join('\n')}
</form>`,
  });
}

/** Asks the user for permissions; answers `consent=accept` or `consent=decline`. */
export function consentPage(action: string, client: EmulatorApp, permissions: readonly string[]): EmulatorResponse {
  return page({
    status: 200,
    title: 'Permissions requested',
    body: `<p><strong>${escapeHtml(client.displayName)}</strong> would like to:</p>
<ul>${permissions.map((permission) => `<li>${escapeHtml(permission)}</li>`).join('')}</ul>
<form method="post" action="${escapeHtml(action)}">
<button name="consent" value="accept">Accept</button>
<button name="consent" value="decline">Cancel</button>
</form>`,
  });
}

/** Entra's own error page, from which nothing leads back to the app. Its status 400 is ours. */
export function errorPage(error: AadstsErrorBody): EmulatorResponse {
  return page({
    status: 400,
    title: 'Sorry, but we’re having trouble signing you in.',
    body: `<p role="alert">${escapeHtml(error.error_description).replaceAll('\r\n', '<br>')}</p>`,
  });
}
