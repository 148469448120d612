import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { workerCount } from '../../src/cli/worker-count.ts';

describe('how many workers serve where nobody says', () => {
  for (const { cpuMax, cores, expected, title } of [
    { cpuMax: '200000 100000\n', cores: 16, expected: 2, title: 'as many as the CPU limit allows' },
    { cpuMax: '250000 100000\n', cores: 16, expected: 3, title: 'one for the part of a core' },
    { cpuMax: '10000 100000\n', cores: 16, expected: 1, title: 'one where the limit is below a core' },
    { cpuMax: 'max 100000\n', cores: 16, expected: 4, title: 'four without a limit' },
    { cpuMax: 'max 100000\n', cores: 2, expected: 2, title: 'never more than there are cores' },
    { cpuMax: null, cores: 3, expected: 3, title: 'by cores where the kernel tells no limit' },
  ]) {
    it(title, () => assert.equal(workerCount(cpuMax, cores), expected));
  }
});
