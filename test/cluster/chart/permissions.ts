import type { Rule } from '../kube/accounts.ts';
import type { ApiServer } from '../kube/api-server.ts';
import { applyObject, type TestObject } from '../kube/objects.ts';
import { type ChartRelease, chartObjects, minimalValues } from './render-chart.ts';

/** The release `entragate` in the namespace `entragate`: its ServiceAccount, and its Lease, are called by the same name. */
export const releaseAccount = { namespace: 'entragate', name: 'entragate' } as const;

/** A Role or ClusterRole as the chart writes it. */
export interface RoleObject extends TestObject {
  readonly kind: 'Role' | 'ClusterRole';
  readonly rules: readonly Rule[];
}

/** The Roles and ClusterRoles among objects of the chart. */
export function rolesOf(objects: readonly TestObject[]): readonly RoleObject[] {
  return objects.filter((object): object is RoleObject => object.kind === 'Role' || object.kind === 'ClusterRole');
}

const permissionKinds = ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];

/** The ServiceAccount of a release, its Roles and bindings. */
export function permissionsOf(objects: readonly TestObject[]): readonly TestObject[] {
  return objects.filter(({ kind }) => permissionKinds.includes(kind));
}

/** Gives the ServiceAccount of a release exactly what the chart gives it. Its namespaces have to be there. */
export async function grantRelease({ admin }: ApiServer, release: ChartRelease): Promise<void> {
  for (const object of permissionsOf(await chartObjects(release, 'without hooks'))) await applyObject(admin, object);
}

/** The chart's rules by what they are about, for tests that grant some of them and withhold others. */
export interface ChartRules {
  /** Kinds of the whole cluster. */
  readonly cluster: readonly Rule[];
  /** What is in the namespaces that are followed. */
  readonly namespaced: readonly Rule[];
  /** Keys and Lease of the release `entragate`, in its namespace. */
  readonly release: readonly Rule[];
}

/** Renders the chart with scope `namespaced`, where they are apart. */
export async function chartRules(): Promise<ChartRules> {
  const values = { ...minimalValues, rbac: { scope: 'namespaced' } };
  const objects = await chartObjects({ name: 'entragate', namespace: 'entragate', values }, 'without hooks');
  const of = (kind: RoleObject['kind'], name: string) => {
    const role = rolesOf(objects).find((object) => object.kind === kind && object.metadata.name === name);
    if (role === undefined) throw new Error(`the chart has no ${kind} ${name}`);
    return role.rules;
  };
  return {
    cluster: of('ClusterRole', 'entragate.entragate'),
    namespaced: of('Role', 'entragate.entragate'),
    release: of('Role', 'entragate'),
  };
}
