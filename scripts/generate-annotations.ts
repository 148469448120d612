import { type AnnotationDefinition, annotations } from '../src/api/annotations.ts';

/** `docs/reference/annotations.md`, from the table that the controller itself reads annotations by. */
export function annotationsPage(): string {
  return [
    '# Annotations',
    '',
    '<!-- Generated from src/api/annotations.ts by `npm run generate`. Do not edit. -->',
    '',
    'An annotation under `entragate.dev/` that is not in this list, stands on another kind, or is malformed makes the Ingress *denied*, with an Event that names it.',
    '',
    ...(['Ingress', 'Namespace'] as const).flatMap((kind) => [
      `## On ${kind === 'Ingress' ? 'an Ingress' : 'a Namespace'}`,
      '',
      ...annotations.filter((annotation) => annotation.kind === kind).flatMap(entry),
    ]),
  ].join('\n');
}

function entry(annotation: AnnotationDefinition): readonly string[] {
  return [
    `### ${annotation.name}`,
    '',
    annotation.description,
    '',
    `- Value: ${annotation.syntax}`,
    `- When absent: ${annotation.whenAbsent}`,
    `- Example: \`${annotation.name}: ${JSON.stringify(annotation.example)}\``,
    '',
  ];
}
