import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { describeRef, objectKey } from '../../src/api/cluster-state.ts';
import { type FileSource, openFileSource } from '../../src/kube/manifests/file-source.ts';
import { assertFastest } from '../support/fastest.ts';
import { ingress, policy } from './manifests.ts';
import { eventually, TemporaryFolder } from './temporary-folder.ts';

const OTHER_GROUP = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

describe('openFileSource', () => {
  let folder: TemporaryFolder;
  let source: FileSource | null;
  let changes: string[];
  beforeEach(async () => {
    folder = await TemporaryFolder.create();
    source = null;
    changes = [];
  });
  afterEach(async () => {
    await source?.close();
    await folder.remove();
  });

  async function open(path = folder.path): Promise<FileSource> {
    const opened = await openFileSource([path]);
    source = opened;
    opened.onChange(({ changed }) => changes.push(changed.map(describeRef).join(', ')));
    return opened;
  }

  const groupsOf = (opened: FileSource, name: string) =>
    opened.state().policies.get(objectKey('apps', name))?.spec.groups;

  it('applies a changed file within a second', async () => {
    await folder.write('a.yaml', policy('one'));
    const opened = await open();
    const times: number[] = []; // of the first too, which the reading that follows the opening may find
    for (const group of Array.from({ length: 6 }, () => randomUUID())) {
      const start = performance.now();
      await folder.write('a.yaml', policy('one', group));
      await eventually('the new group', () => (groupsOf(opened, 'one')?.[0] === group ? true : null));
      times.push(performance.now() - start);
    }
    assertFastest(times.slice(1), 1_000, 'from a write to its effect');
  });

  it('raises the generation of what changed, and says so', async () => {
    await folder.write('a.yaml', `${policy('one')}---\n${policy('two')}`);
    const opened = await open();
    await folder.save('a.yaml', `${policy('one', OTHER_GROUP)}---\n${policy('two')}`);
    await eventually('the new group', () => (groupsOf(opened, 'one')?.[0] === OTHER_GROUP ? true : null));
    assert.equal(opened.state().policies.get(objectKey('apps', 'one'))?.metadata.generation, 2);
    assert.equal(opened.state().policies.get(objectKey('apps', 'two'))?.metadata.generation, 1);
    assert.deepEqual(changes, ['Policy apps/one']);
  });

  it('sees new files, new folders and what comes into them', async () => {
    const opened = await open();
    await folder.write('new/folder/a.yaml', policy('one'));
    await eventually('the first', () => groupsOf(opened, 'one') ?? null);
    await folder.write('new/folder/b.yaml', policy('two'));
    await eventually('the second', () => groupsOf(opened, 'two') ?? null);
  });

  it('sees an atomic save: a new file renamed over the old one', async () => {
    await folder.write('a.yaml', policy('one'));
    const opened = await open();
    for (const group of [OTHER_GROUP, 'e14f56fd-b956-4009-b06c-dc8a5e9207c8']) {
      await folder.save('a.yaml', policy('one', group));
      await eventually('the saved group', () => (groupsOf(opened, 'one')?.[0] === group ? true : null));
    }
  });

  it('sees an atomic save of a file that was named itself', async () => {
    const path = await folder.write('a.yaml', policy('one'));
    const opened = await open(path);
    await rename(await folder.write('b.yaml', policy('one', OTHER_GROUP)), path);
    await eventually('the saved group', () => (groupsOf(opened, 'one')?.[0] === OTHER_GROUP ? true : null));
  });

  it('sees the link swap of a mounted ConfigMap', async () => {
    await folder.write('..1/a.yaml', policy('one'));
    await folder.write('..2/a.yaml', policy('one', OTHER_GROUP));
    await symlink('..1', join(folder.path, '..data'));
    await symlink('..data/a.yaml', join(folder.path, 'a.yaml'));
    const opened = await open();
    assert.ok(groupsOf(opened, 'one'));
    await symlink('..2', join(folder.path, '..tmp'));
    await rename(join(folder.path, '..tmp'), join(folder.path, '..data'));
    await eventually('the other version', () => (groupsOf(opened, 'one')?.[0] === OTHER_GROUP ? true : null));
  });

  it('[CLOSED] forgets the objects of a deleted file', async () => {
    const path = await folder.write('a.yaml', policy('one'));
    const opened = await open();
    await unlink(path);
    await eventually('the deletion', () => (opened.state().policies.size === 0 ? true : null));
    assert.deepEqual(opened.state().unreadable, []);
    assert.deepEqual(changes, ['Namespace apps, Policy apps/one']);
  });

  it('[ISOLATED] keeps the objects of a broken file as unreadable with their last good content, and those of other files as they are', async () => {
    await folder.write('a.yaml', `${ingress('ledger')}---\n${policy('one')}`);
    await folder.write('b.yaml', policy('two'));
    const opened = await open();
    await folder.save('a.yaml', 'kind: [\n');
    await eventually('the problem', () => opened.problems()[0] ?? null);
    const state = opened.state();
    assert.deepEqual([...state.policies.keys()], [objectKey('apps', 'two')]);
    assert.equal(state.ingresses.size, 0);
    assert.deepEqual(
      state.unreadable.map(({ ref, lastGood, reason }) => [describeRef(ref), lastGood?.metadata.name, reason]),
      [
        ['Ingress apps/ledger', 'ledger', 'its file has a part that can not be read'],
        ['Policy apps/one', 'one', 'its file has a part that can not be read'],
      ],
    );
    await folder.save('a.yaml', `${ingress('ledger')}---\n${policy('one')}`);
    await eventually('the repair', () => (opened.problems().length === 0 ? true : null));
    assert.deepEqual(opened.state().unreadable, []);
    assert.deepEqual(changes, ['Ingress apps/ledger, Policy apps/one', 'Ingress apps/ledger, Policy apps/one']);
  });

  it('[ISOLATED] keeps only what a broken document may hold, where the others can still be told apart', async () => {
    await folder.write('a.yaml', `${policy('one')}---\n${policy('two')}`);
    const opened = await open();
    await folder.save('a.yaml', `${policy('one')}---\nkind: "Policy\n`);
    await eventually('the problem', () => opened.problems()[0] ?? null);
    assert.deepEqual([...opened.state().policies.keys()], [objectKey('apps', 'one')]);
    assert.deepEqual(
      opened.state().unreadable.map(({ ref }) => ref.name),
      ['two'],
    );
  });

  it('[CLOSED] keeps the last good content of a malformed object for its claims, through further mistakes', async () => {
    await folder.write('a.yaml', ingress('ledger'));
    const opened = await open();
    for (const mistake of ['Ledger', '"a b"']) {
      await folder.save('a.yaml', ingress('ledger').replace('ledger.example.com', mistake));
      await eventually('the mistake', () =>
        opened.problems()[0]?.message.includes(mistake.replaceAll('"', '')) ? true : null,
      );
      const [unreadable] = opened.state().unreadable;
      assert.ok(unreadable?.lastGood?.kind === 'Ingress');
      assert.equal(unreadable.lastGood.spec.rules[0]?.host, 'ledger.example.com');
    }
  });

  it('[CLOSED] takes what is well formed of an object only until it was read once', async () => {
    const hosts = (...names: readonly string[]) =>
      ingress('ledger').replace(/rules: .*/, `rules: [${names.map((name) => `{host: "${name}"}`).join()}]`);
    const claimed = () =>
      opened
        .state()
        .unreadable.map(({ lastGood }) => lastGood?.kind === 'Ingress' && lastGood.spec.rules.map(({ host }) => host));
    const isClaimed = (...names: readonly string[]) => (isDeepStrictEqual(claimed(), [names]) ? true : null);
    await folder.write('a.yaml', hosts('a.example.com', 'no host'));
    const opened = await open();
    await eventually('the first', () => isClaimed('a.example.com'));
    await folder.save('a.yaml', hosts('b.example.com', 'no host'));
    await eventually('the second', () => isClaimed('b.example.com'));
    await folder.save('a.yaml', hosts('c.example.com'));
    await eventually('that it is read', () => (opened.state().unreadable.length === 0 ? true : null));
    await folder.save('a.yaml', hosts('d.example.com', 'no host'));
    await eventually('its last good content', () => isClaimed('c.example.com'));
  });

  it('[CLOSED] takes a folder that went away for unreadable, not for empty, and finds it again', async () => {
    await folder.write('in/a.yaml', policy('one'));
    const opened = await open(join(folder.path, 'in'));
    await rename(join(folder.path, 'in'), join(folder.path, 'out'));
    await eventually('the loss', () => opened.state().unreadable[0] ?? null);
    assert.equal(opened.state().policies.size, 0);
    await rename(join(folder.path, 'out'), join(folder.path, 'in'));
    await eventually('the return', () => groupsOf(opened, 'one') ?? null);
    assert.deepEqual(opened.problems(), []);
    await folder.write('in/b.yaml', policy('two'));
    await eventually('what comes after', () => groupsOf(opened, 'two') ?? null);
  });

  it('finds a change by looking when the file system tells nothing', async () => {
    await folder.write('real/a.yaml', policy('one'));
    await mkdir(join(folder.path, 'mount'));
    await symlink(join(folder.path, 'real/a.yaml'), join(folder.path, 'mount/a.yaml'));
    const opened = await open(join(folder.path, 'mount'));
    await folder.write('real/a.yaml', policy('one', OTHER_GROUP));
    await eventually('the new group', () => (groupsOf(opened, 'one')?.[0] === OTHER_GROUP ? true : null));
  });

  it('calls nobody when nothing changed, nor after close', async () => {
    await folder.write('a.yaml', policy('one'));
    const opened = await open();
    await folder.save('a.yaml', policy('one'));
    await folder.save('b.yaml', policy('two'));
    await eventually('the second file', () => groupsOf(opened, 'two') ?? null);
    assert.deepEqual(changes, ['Policy apps/two']);
    await opened.close();
    const witness = await openFileSource([folder.path]);
    try {
      await unlink(join(folder.path, 'a.yaml'));
      await eventually('the witness', () => (witness.state().policies.size === 1 ? true : null));
    } finally {
      await witness.close();
    }
    assert.deepEqual(changes, ['Policy apps/two']);
  });
});
