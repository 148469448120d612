import { setTimeout as delay } from 'node:timers/promises';
import { CONTOSO } from '../../../src/emulator/directory/contoso.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import { applyObject, policyObject, routeObject, type TestObject } from '../kube/objects.ts';
import { createDice, type Dice } from '../kube/random-changes.ts';

/** What a Policy has to show. */
export interface ExpectedPolicy {
  readonly name: string;
  readonly accepted: 'True' | 'False';
  /** `INGRESS STATE REASON`, sorted. */
  readonly routes: readonly string[];
}

/** Where all of it is. */
export const CHURN_NAMESPACE = 'churn';

const INGRESSES = 40;
const POLICIES_OF_INGRESS = 5;
const LANES = 16;

interface Model {
  readonly broken: Set<number>;
  /** By Ingress. */
  readonly named: number[][];
}

/** Policies and Ingresses that change, and what is known of them on this side. */
export class PolicyChurn {
  readonly #admin: ApiRequests;
  readonly #dice: Dice;
  readonly #count: number;
  readonly #model: Model;
  #changes = 0;
  #isStopped = false;
  #working: Promise<void> = Promise.resolve();

  /** @param count how many Policies there are */
  constructor(admin: ApiRequests, count: number, seed: number) {
    this.#admin = admin;
    this.#count = count;
    this.#dice = createDice(seed);
    const all = Array.from({ length: INGRESSES }, (_, ingress) =>
      Array.from({ length: POLICIES_OF_INGRESS }, (_, index) => (ingress * POLICIES_OF_INGRESS + index) % count),
    );
    this.#model = { broken: new Set(), named: all };
  }

  get changes(): number {
    return this.#changes;
  }

  /** Writes all of them. Their namespace has to be there. */
  async create(): Promise<void> {
    const policies = Array.from({ length: this.#count }, (_, index) => this.#policy(index));
    const objects = [...policies, ...this.#model.named.keys().map((index) => this.#ingress(index))].values();
    const lane = async () => {
      for (const object of objects) await applyObject(this.#admin, object);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  /** Changes one after the other until {@link stop}. */
  start(perSecond: number): void {
    this.#isStopped = false;
    this.#working = this.#run(1000 / perSecond);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }

  /** Makes changes at once. */
  async change(count: number): Promise<void> {
    for (let made = 0; made < count; made += 1) await this.#change();
  }

  expected(): readonly ExpectedPolicy[] {
    const { broken, named } = this.#model;
    return Array.from({ length: this.#count }, (_, index) => {
      const using = [...named.keys()].filter((ingress) => named[ingress]?.includes(index));
      const routes = using.map((ingress) => {
        const isDenied = named[ingress]?.some((policy) => broken.has(policy));
        return `${ingressName(ingress)} ${isDenied ? 'Denied PolicyInvalid' : 'Programmed Programmed'}`;
      });
      return { name: policyName(index), accepted: broken.has(index) ? 'False' : 'True', routes: routes.toSorted() };
    });
  }

  async #run(pause: number): Promise<void> {
    while (!this.#isStopped) {
      await this.#change();
      await delay(pause); // the rate of changes
    }
  }

  async #change(): Promise<void> {
    this.#changes += 1;
    const { broken, named } = this.#model;
    const index = this.#dice(this.#count);
    if (this.#dice(3) === 0) {
      const ingress = this.#dice(INGRESSES);
      const policies = named[ingress] ?? [];
      named[ingress] = [...new Set([...policies.slice(1), index])];
      await applyObject(this.#admin, this.#ingress(ingress));
      return;
    }
    if (broken.has(index) || this.#dice(4) > 0) broken.delete(index);
    else broken.add(index);
    await applyObject(this.#admin, this.#policy(index));
  }

  #policy(index: number): TestObject {
    const { metadata, ...policy } = policyObject(CHURN_NAMESPACE, policyName(index), CONTOSO.groups.finance);
    const description = `change ${this.#changes}`;
    const rules = [{ allow: { and: [{ departement: { is: 'Finance' } }] } }];
    const spec = this.#model.broken.has(index)
      ? { description, rules }
      : { description, groups: [CONTOSO.groups.finance] };
    return { ...policy, metadata, spec };
  }

  #ingress(index: number): TestObject {
    const name = ingressName(index);
    const policies = (this.#model.named[index] ?? []).map(policyName).join(', ');
    const annotations = { 'entragate.dev/policies': policies };
    return routeObject({
      namespace: CHURN_NAMESPACE,
      name,
      host: `${name}.example.com`,
      annotations,
      service: 'ledger',
    });
  }
}

function policyName(index: number): string {
  return `policy-${index}`;
}

function ingressName(index: number): string {
  return `churn-${index}`;
}
