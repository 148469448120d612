/** An Event as `kubectl describe` prints it. */
export interface DescribedEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** The Events at the end of what `kubectl describe ingress` prints, in its order. */
export function describedEvents(text: string): readonly DescribedEvent[] {
  const [, table = ''] = text.split(/^Events:/m);
  return table.split('\n').flatMap((line) => {
    const match = /^ {2}(Normal|Warning) +(\S+) +\S.*? {2,}entragate\.dev\/\S+ +(\S.*)$/.exec(line);
    if (match === null) return [];
    const [, type = '', reason = '', message = ''] = match;
    return [{ type, reason, message }];
  });
}
