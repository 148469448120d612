import { Gauge, type Registry } from '@prometheus-io/client';
import type { KeyPairExpiry } from '../translate/material.ts';

/** What the control plane tells of what it serves from. */
export interface ControlMetrics {
  /** After each snapshot: the certificates that it was built with. */
  serves(expiries: readonly KeyPairExpiry[]): void;
  /** Whether everything is denied because what is served is too old. */
  outdated(isOutdated: boolean): void;
  /** How many namespaces are denied as a whole. */
  denied(namespaces: number): void;
}

/**
 * Registers the metrics of the control plane.
 *
 * @param age how old what is served may be, in milliseconds
 * @param isReady what `/readyz` says
 */
export function createControlMetrics(registry: Registry, age: () => number, isReady: () => boolean): ControlMetrics {
  const registers = [registry];
  new Gauge({
    name: 'entragate_ready',
    help: 'Whether this replica is ready: it has served a whole snapshot, a worker of it serves, and it was not asked to end.',
    registers,
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'entragate_config_age_seconds',
    help: 'Age of the configuration that is served: the longest time for which no word came about a kind of object, or a change could not be applied. In a quiet cluster word comes about once a minute.',
    registers,
    collect() {
      const seconds = age() / 1000;
      if (Number.isFinite(seconds)) this.set(seconds);
    },
  });
  const outdated = new Gauge({
    name: 'entragate_config_outdated',
    help: 'Whether everything is denied because what is served is older than the operator allows.',
    registers,
  });
  const denied = new Gauge({
    name: 'entragate_namespaces_denied',
    help: 'Namespaces that are denied as a whole, since something in them could not be translated: a defect. The log names them.',
    registers,
  });
  const expiry = new Gauge({
    name: 'entragate_certificate_expiry_timestamp_seconds',
    help: 'End of validity of the certificate in a Secret that something refers to.',
    labelNames: ['namespace', 'secret'] as const,
    registers,
  });
  outdated.set(0);
  denied.set(0);
  let shown: readonly KeyPairExpiry[] = [];
  return {
    serves: (expiries) => {
      if (expiries === shown) return;
      shown = expiries;
      expiry.reset();
      for (const { namespace, name, notAfter } of expiries) expiry.set({ namespace, secret: name }, notAfter / 1000);
    },
    outdated: (isOutdated) => outdated.set(isOutdated ? 1 : 0),
    denied: (namespaces) => denied.set(namespaces),
  };
}
