import { readFolders } from '../kube/manifests/file-source.ts';
import type { ManifestReading } from '../kube/manifests/manifest-set.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { tellOfCertificates } from '../translate/tell-of-certificates.ts';
import { translate } from '../translate/translate.ts';
import { withAssumedObjects } from './assumed-objects.ts';
import { type CheckReport, checkJson, checkText } from './check-report.ts';
import { clusterOptionTable, readClusterOptions } from './cluster-options.ts';
import { readAuthHost } from './dev-options.ts';
import { type ManifestProblem, manifestProblems } from './manifest-problems.ts';
import { manifestTranslation } from './manifest-translation.ts';
import { describeOptions, type Option, readOptions, UsageError } from './options.ts';

const reportOptions: readonly Option[] = [
  { name: 'output', value: 'FORMAT', fallback: 'text', help: 'text or json' },
  { name: 'strict', value: null, fallback: 'false', help: 'warnings fail as well' },
];

const folderOptions: readonly Option[] = [
  ...reportOptions,
  {
    name: 'cluster',
    value: null,
    fallback: 'false',
    help: 'read a cluster, not folders; entragate check --cluster --help tells its options',
  },
  { name: 'auth-host', value: 'NAME', fallback: 'none', help: 'the host of sign-in, which no Ingress may have' },
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

const clusterOptions: readonly Option[] = [
  { name: 'cluster', value: null, fallback: 'true', help: 'read a cluster, not folders' },
  ...reportOptions,
  ...clusterOptionTable,
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

const aboutCluster = `Reads a cluster once, as the controller does, and says of every Ingress what its Event says: programmed with which policies, or exactly
why it is denied; then what is wrong with which object. Changes nothing. In the controller's pod it sees the options of
\`entragate serve\`: kubectl exec -n NAMESPACE deploy/NAME -- node dist/main.js check --cluster. Elsewhere it takes the cluster of kubectl.

Exit code: 0 nothing is wrong; 1 there are errors (with --strict: or warnings); 2 nothing was checked.`;

const about = `Validates folders of manifests as the controller would read them, and says what is wrong in which line. Several folders
are one cluster: name those of policies and of applications together. The IngressClass entragate and the IdentityProvider
default, which the chart makes, are assumed where the folders hold none.

Exit code: 0 nothing is wrong; 1 there are errors (with --strict: or warnings); 2 nothing was checked.`;

/** `entragate check DIR…`, `entragate check --cluster`. Returns the exit code: 0 sound, 1 not, 2 nothing was checked. */
export async function runCheck(argv: readonly string[]): Promise<number> {
  try {
    const report = argv.includes('--cluster')
      ? await runClusterCheck(argv, process.env)
      : await runFolderCheck(argv, process.env);
    if (report !== 'help') process.stdout.write(report.text);
    return report === 'help' || report.isSound ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof EntragateError)) throw error;
    process.stderr.write(`entragate check: ${error.message}\n`);
    return 2;
  }
}

type Outcome = 'help' | { readonly isSound: boolean; readonly text: string };

async function runFolderCheck(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome> {
  const values = readOptions(folderOptions, argv, environment);
  if (values.isOn('help')) return help('entragate check DIR… [OPTIONS]', about, folderOptions);
  if (values.positionals.length === 0) throw new UsageError('name a folder of manifests');
  const write = readFormat(values.text('output'));
  const authHost = readAuthHost(values.text('auth-host'));
  const report = checkManifests(await readFolders(values.positionals), authHost, values.isOn('strict'));
  return { isSound: report.isSound, text: write(report) };
}

async function runClusterCheck(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome> {
  const values = readOptions(clusterOptions, argv, environment);
  if (values.isOn('help')) return help('entragate check --cluster [OPTIONS]', aboutCluster, clusterOptions);
  const [folder] = values.positionals;
  if (folder !== undefined) throw new UsageError(`--cluster takes no folder such as ${JSON.stringify(folder)}`);
  const write = readFormat(values.text('output'));
  const options = readClusterOptions(values);
  // Here, since what speaks to an API server takes longer to load than folders take to check.
  const { checkCluster, clusterAccess } = await import('./check-cluster.ts');
  const access = clusterAccess(options.access, environment);
  const report = await checkCluster({ ...options, access }, values.isOn('strict'));
  return { isSound: report.isSound, text: write(report) };
}

function help(usage: string, text: string, table: readonly Option[]): Outcome {
  process.stdout.write(describeOptions(usage, text, table));
  return 'help';
}

function readFormat(text: string): (report: CheckReport) => string {
  if (text === 'text') return checkText;
  if (text === 'json') return checkJson;
  throw new UsageError(`--output takes text or json, not ${JSON.stringify(text)}`);
}

/**
 * Checks what was read from folders.
 *
 * @param isStrict whether warnings make it unsound
 */
function checkManifests(reading: ManifestReading, authHost: string | null, isStrict: boolean): CheckReport {
  const { state, isProviderAssumed } = withAssumedObjects(reading.state);
  const optionsFor = manifestTranslation({
    authHost,
    defaultCertificate: null,
    controllerNamespace: 'entragate',
    hostOwnership: 'FirstCome',
    anyHostNamespaces: [],
    deniedCidrs: [],
  });
  const options = optionsFor(state);
  const translation = tellOfCertificates(translate(state, options), options, Date.now());
  const problems = [
    ...assumptionProblems(reading, isProviderAssumed),
    ...manifestProblems(reading.problems, state, translation, reading.locate).flatMap(asInRepository),
  ];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const isSound = isStrict ? problems.length === 0 : errors === 0;
  return { isSound, problems, ingresses: [], snapshot: translation.snapshot };
}

/** A cluster has certificates that a repository has not: the default one, and those that its own controllers make. */
function asInRepository(problem: ManifestProblem): readonly ManifestProblem[] {
  switch (problem.code) {
    case 'certificate-missing':
      return [];
    case 'secret-missing': {
      const message = 'names a Secret that is not among these manifests';
      return [{ ...problem, message, hint: 'nothing is wrong where something else makes it in the cluster' }];
    }
    default:
      return [problem];
  }
}

function assumptionProblems(
  { state, problems }: ManifestReading,
  isProviderAssumed: boolean,
): readonly ManifestProblem[] {
  const { ingresses, policies, clusterPolicies, identityProviders } = state;
  const objects = [ingresses, policies, clusterPolicies, identityProviders].reduce((sum, { size }) => sum + size, 0);
  const nowhere = { severity: 'warning', place: null, object: '', path: '' } as const;
  if (objects === 0 && problems.length === 0) {
    const message = 'there is no Ingress, Policy, ClusterPolicy or IdentityProvider in these folders';
    return [{ ...nowhere, code: 'no-objects', message, hint: 'name the folders that hold them' }];
  }
  if (!isProviderAssumed || ingresses.size === 0) return [];
  const message = 'there is no IdentityProvider in these folders: one named default is assumed';
  const hint = 'name the folder that holds it as well, or let the chart make it';
  return [{ ...nowhere, code: 'default-provider-missing', message, hint }];
}
