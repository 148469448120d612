/** Claims that name a person by something that can change, be reused, or be set by the person: never proof of identity. */
export const changeableClaims: ReadonlySet<string> = new Set([
  'email',
  'family_name',
  'given_name',
  'name',
  'nickname',
  'preferred_username',
  'unique_name',
  'upn',
  'verified_primary_email',
  'verified_secondary_email',
]);

/**
 * Claims that Entra ID leaves out of v2.0 ID tokens until the app registration asks for them.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
 */
export const optionalClaims: ReadonlySet<string> = new Set([
  'acct',
  'acrs',
  'auth_time',
  'ctry',
  'email',
  'family_name',
  'fwd',
  'given_name',
  'in_corp',
  'ipaddr',
  'login_hint',
  'onprem_sid',
  'pwd_exp',
  'pwd_url',
  'sid',
  'tenant_ctry',
  'tenant_region_scope',
  'upn',
  'verified_primary_email',
  'verified_secondary_email',
  'vnet',
  'xms_edov',
  'xms_pdl',
  'xms_pl',
  'xms_tpl',
  'ztdid',
]);
