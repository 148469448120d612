import type { TestObject } from '../kube/objects.ts';
import { type Attempt, namesOf, serviceOf, sliceOf } from './attempts.ts';
import { writeOf } from './writes.ts';

/** An attempt of several objects, beside a Service of its number and endpoints that are a trap. */
export function trick(
  title: string,
  objects: (number: number) => readonly TestObject[],
  more: Partial<Pick<Attempt, 'isClosed' | 'afterwards'>> = {},
): (number: number) => Attempt {
  return (number) => ({
    ...{ title, field: 'several', target: 'trick', isClosed: false, afterwards: null },
    writes: [...objects(number), serviceOf(number), sliceOf(number)].map(writeOf),
    ...namesOf(number),
    ...more,
  });
}
