/**
 * A pure function of one object, which is remembered by the object's identity: objects of a source are replaced, never changed. It has no other
 * argument on purpose, since what a result depends on and is not asked for here would make it stale.
 */
export function byIdentity<T extends object, R>(compute: (object: T) => R): (object: T) => R {
  const known = new WeakMap<T, R>();
  return (object) => known.getOrInsertComputed(object, compute);
}
