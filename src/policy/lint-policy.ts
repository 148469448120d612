import type { PolicyProgram } from '../snapshot/policy-program.ts';
import type { PolicyWarning } from './policy-error.ts';

export function lintPolicy(_program: PolicyProgram, _path: string): readonly PolicyWarning[] {
  return [];
}
