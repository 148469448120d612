/** What the table of the demo is made of. */
export interface DemoFacts {
  readonly httpsPort: number;
  readonly adminPort: number;
  readonly caPath: string;
  /** Origin of the Entra emulator. */
  readonly entra: string;
}

/** What `npm run demo` prints when everything runs: where to go, as whom, and how to stop. */
export function demoTable({ httpsPort, adminPort, caPath, entra }: DemoFacts): string {
  return `
  https://ledger.localhost:${httpsPort}   for Finance
  https://wiki.localhost:${httpsPort}     for every employee
  https://status.localhost:${httpsPort}   public

  adele@contoso.example    Employees, Finance
  alex@contoso.example     Employees
  megan@contoso.example    Employees, Finance and 250 more groups: too many for a token (overage)
  gary@contoso.example     a guest without groups

  Entra emulator           ${entra}
  Health and metrics       http://127.0.0.1:${adminPort}/readyz /metrics
  Certificate authority    ${caPath} (trust it, or accept the browser's warning)
  Objects                  examples/demo/manifests: edit a file and watch this terminal
  Stop                     Ctrl-C
`;
}
