/** What one replica says of itself at its admin port. */
export interface AdminListener {
  readonly admin: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
  /** False also while nothing answers. */
  readonly isReady: () => Promise<boolean>;
  /** Sum of a metric over its series, or over those whose line contains a text. */
  readonly metric: (name: string, having?: string) => Promise<number>;
  /** Whether it is the one that writes. */
  readonly isLeader: () => Promise<boolean>;
  /** Whether every object shows what it should, as far as this replica knows. */
  readonly hasShownAll: () => Promise<boolean>;
}

/** Asks at a port of 127.0.0.1. */
export function adminListener(port: number): AdminListener {
  const admin: AdminListener['admin'] = async (path) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const metric: AdminListener['metric'] = async (name, having = '') =>
    sumOf((await admin('/metrics')).text, name, having);
  return {
    ...{ admin, metric },
    isReady: async () => (await admin('/readyz').catch(() => null))?.status === 200,
    isLeader: async () => (await metric('entragate_leader')) === 1,
    hasShownAll: async () => (await metric('entragate_status_pending')) === 0,
  };
}

function sumOf(metrics: string, name: string, having: string): number {
  const lines = metrics.split('\n');
  if (!lines.some((line) => line.startsWith(`# HELP ${name} `))) throw new Error(`there is no metric ${name}`);
  return lines
    .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(having))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
