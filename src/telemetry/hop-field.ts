/**
 * The field by which a request says how often it came through Entragate, of this release or another. Each forwarding sets it anew, so that no
 * app can hide a loop, and the admin listener knows by it what an app's address must not reach.
 */
export const HOP_FIELD = 'X-Entragate-Hop';
