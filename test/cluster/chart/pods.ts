import type { TestObject } from '../kube/objects.ts';

/** The parts of a Pod that tests look at. */
export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
}

interface Volume {
  readonly name: string;
  readonly configMap?: {
    readonly name: string;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
}

interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}

/** Deployment as the chart writes it. */
export interface Deployment extends TestObject {
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly metadata: Omit<TestObject['metadata'], 'name'>; readonly spec: PodSpec };
  };
}

/** The one Deployment of a release. */
export function deploymentOf(objects: readonly TestObject[]): Deployment {
  const found = objects.filter((object): object is Deployment => object.kind === 'Deployment');
  const [deployment] = found;
  if (deployment === undefined || found.length > 1) throw new Error(`${found.length} Deployments, not one`);
  return deployment;
}

/** Every Pod that a release leads to: that of its Deployment's template, and those of `helm test`. */
export function podsOf(objects: readonly TestObject[]): readonly (TestObject & { readonly spec: PodSpec })[] {
  const { metadata, spec } = deploymentOf(objects);
  const { template } = spec;
  const namespace = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  const pod = { ...template, apiVersion: 'v1', kind: 'Pod' };
  const own = { ...pod, metadata: { ...template.metadata, ...namespace, name: metadata.name } };
  const isPod = (object: TestObject): object is TestObject & { readonly spec: PodSpec } => object.kind === 'Pod';
  return [own, ...objects.filter(isPod)];
}

/** The environment that the kubelet gives to the controller's container in a namespace. */
export function environmentOf(objects: readonly TestObject[]): Readonly<Record<string, string>> {
  const { metadata, spec } = deploymentOf(objects);
  const [container] = spec.template.spec.containers;
  const fields: Readonly<Record<string, string>> = { 'metadata.namespace': metadata.namespace ?? '' };
  const entries = (container?.env ?? []).map(({ name, value, valueFrom }) => {
    const field = valueFrom?.fieldRef?.fieldPath;
    return [name, value ?? (field === undefined ? undefined : fields[field])] as const;
  });
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (value === undefined) throw new Error(`the test does not know where ${name} comes from`);
      return [name, value];
    }),
  );
}
