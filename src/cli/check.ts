import { readFolders } from '../kube/file-source.ts';
import type { ManifestReading } from '../kube/manifest-set.ts';
import { EntragateError } from '../telemetry/entragate-error.ts';
import { translate } from '../translate/translate.ts';
import { withAssumedObjects } from './assumed-objects.ts';
import { type CheckReport, checkJson, checkText } from './check-report.ts';
import { readAuthHost } from './dev-options.ts';
import { type ManifestProblem, manifestProblems } from './manifest-problems.ts';
import { manifestTranslation } from './manifest-translation.ts';
import { describeOptions, type Option, readOptions, UsageError } from './options.ts';

const optionTable: readonly Option[] = [
  { name: 'output', value: 'FORMAT', fallback: 'text', help: 'text or json' },
  { name: 'strict', value: null, fallback: 'false', help: 'warnings fail as well' },
  { name: 'auth-host', value: 'NAME', fallback: 'none', help: 'the host of sign-in, which no Ingress may have' },
  { name: 'help', value: null, fallback: 'false', help: 'this text' },
];

const about = `Validates folders of manifests as the controller would read them, and says what is wrong in which line. Several folders
are one cluster: name those of policies and of applications together. The IngressClass entragate and the IdentityProvider
default, which the chart makes, are assumed where the folders hold none.

Exit code: 0 nothing is wrong; 1 there are errors (with --strict: or warnings); 2 nothing was checked.`;

interface CheckOptions {
  readonly folders: readonly string[];
  readonly format: 'text' | 'json';
  readonly isStrict: boolean;
  readonly authHost: string | null;
}

/** `entragate check DIR…`. Returns the exit code: 0 sound, 1 not, 2 nothing was checked. */
export async function runCheck(argv: readonly string[]): Promise<number> {
  try {
    const options = readCheckOptions(argv, process.env);
    if (options === 'help') {
      process.stdout.write(describeOptions('entragate check DIR… [OPTIONS]', about, optionTable));
      return 0;
    }
    const report = checkManifests(await readFolders(options.folders), options.authHost, options.isStrict);
    process.stdout.write(options.format === 'json' ? checkJson(report) : checkText(report));
    return report.isSound ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof EntragateError)) throw error;
    process.stderr.write(`entragate check: ${error.message}\n`);
    return 2;
  }
}

function readCheckOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): CheckOptions | 'help' {
  const values = readOptions(optionTable, argv, environment);
  if (values.isOn('help')) return 'help';
  if (values.positionals.length === 0) throw new UsageError('name a folder of manifests');
  const format = values.text('output');
  if (format !== 'text' && format !== 'json') {
    throw new UsageError(`--output takes text or json, not ${JSON.stringify(format)}`);
  }
  return {
    folders: values.positionals,
    format,
    isStrict: values.isOn('strict'),
    authHost: readAuthHost(values.text('auth-host')),
  };
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
  const translation = translate(state, optionsFor(state));
  const problems = [
    ...assumptionProblems(reading, isProviderAssumed),
    ...manifestProblems(reading.problems, state, translation, reading.locate).flatMap(asInRepository),
  ];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const isSound = isStrict ? problems.length === 0 : errors === 0;
  return { isSound, problems, snapshot: translation.snapshot };
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
