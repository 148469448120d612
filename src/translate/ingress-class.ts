import type { ClusterState } from '../api/cluster-state.ts';
import { type Ingress, type IngressClass, LEGACY_CLASS_ANNOTATION } from '../api/kubernetes.ts';
import { isLive, lastGoodObjects } from './live-state.ts';
import type { TranslateOptions } from './translate-options.ts';

type ClassOptions = Pick<TranslateOptions, 'controllerName' | 'ingressClassNames' | 'watchIngressWithoutClass'>;

/** Names of the IngressClasses that are ours: those with our `spec.controller`, within the operator's list if there is one. */
export function ownClassNames(state: ClusterState, options: ClassOptions): ReadonlySet<string> {
  const classes: readonly IngressClass[] = [
    ...[...state.ingressClasses.values()].filter(isLive),
    ...lastGoodObjects(state, 'IngressClass'),
  ];
  const ours = classes.filter(({ spec }) => spec.controller === options.controllerName);
  const names = ours.map(({ metadata }) => metadata.name);
  return new Set(names.filter((name) => options.ingressClassNames?.includes(name) ?? true));
}

/**
 * Whether an Ingress is ours. `spec.ingressClassName` decides where it is set, the annotation that it replaced otherwise
 * (Kubernetes Ingress, "Deprecated annotation"); one without either is ours only when the operator says so.
 */
export function isOurIngress(ingress: Ingress, classNames: ReadonlySet<string>, options: ClassOptions): boolean {
  const name = ingress.spec.ingressClassName ?? ingress.metadata.annotations[LEGACY_CLASS_ANNOTATION];
  return isOurClass(name, classNames, options);
}

/** Whether a class is ours. @param name undefined: the Ingress names none */
export function isOurClass(
  name: string | undefined,
  classNames: ReadonlySet<string>,
  options: Pick<TranslateOptions, 'watchIngressWithoutClass'>,
): boolean {
  return name === undefined ? options.watchIngressWithoutClass : classNames.has(name);
}
