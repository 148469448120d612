import { readFile, writeFile } from 'node:fs/promises';

/** What people ask for, in the words of the documentation. */
export const columnCommands: readonly string[] = [
  'kubectl get policies.entragate.dev --all-namespaces',
  'kubectl get policies.entragate.dev --namespace apps --output wide',
  'kubectl get clusterpolicies',
  'kubectl get clusterpolicies --output wide',
  'kubectl get identityproviders',
  'kubectl get identityproviders --output wide',
  'kubectl get revocations',
  'kubectl get revocations --output wide',
  'kubectl get entragate --namespace apps',
  'kubectl get egp,cegp,eidp --namespace apps',
  'kubectl get ingress --namespace apps',
];

const golden = new URL('./golden/columns.golden.txt', import.meta.url);

/** What was printed the last time somebody looked at it. UPDATE_GOLDEN=1 takes over what is printed now. */
export async function expectedColumns(printed: string): Promise<string> {
  if (process.env.UPDATE_GOLDEN === '1') await writeFile(golden, printed);
  return readFile(golden, 'utf8');
}

/** The same on every day: how old objects are is all that differs. */
export function withoutAge(table: string): string {
  return table.replace(/(?<= )\d+[smhd](\d+[smhd])?$/gm, 'AGE');
}
