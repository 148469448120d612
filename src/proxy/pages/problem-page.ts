import { html, nothing } from './html.ts';
import type { PageBody } from './page.ts';
import type { Problem } from './problem.ts';

/**
 * What is wrong, and what to do.
 *
 * @param detail one more sentence about this very request, or ''; never a value of it
 */
export function problemPage(problem: Problem, detail: string): PageBody {
  return {
    title: problem.title,
    content: html`<p>${problem.explanation}</p>${detail === '' ? nothing : html`<p>${detail}</p>`}<p>${problem.hint}</p>`,
  };
}
