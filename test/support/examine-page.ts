import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const output = fileURLToPath(new URL('../output/', import.meta.url));
const phone = { width: 390, height: 844 };
/** WCAG 2.2 §1.4.10: content has to flow at this width, in CSS pixels. */
const narrow = { width: 320, height: 640 };
/** WCAG 2.2 §1.4.3, for text of any size. */
const contrast = 4.5;

/** Asks in the page: language, title, headings, landmarks, whether it scrolls sideways, and the weakest text contrast. */
const survey = `(() => {
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const backgroundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const ratio = (element) => {
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(backgroundOf(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  const texts = [...document.body.querySelectorAll('*')].filter(hasText);
  return {
    language: document.documentElement.lang,
    title: document.title,
    scripts: document.scripts.length,
    scrollsSideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    weakestContrast: Math.min(...texts.map(ratio)),
  };
})()`;

interface Survey {
  readonly language: string;
  readonly title: string;
  readonly scripts: number;
  readonly scrollsSideways: boolean;
  readonly weakestContrast: number;
}

/**
 * Holds one of our pages to what people need, and leaves screenshots of phone size, light and dark, in `test/output/`.
 *
 * @param name of the screenshots
 * @param heading the page's only heading of level 1, and its title
 */
export async function examinePage(page: Page, name: string, heading: string): Promise<void> {
  await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
  assert.equal(await page.getByRole('main').count(), 1);
  assert.match((await page.getByRole('contentinfo').textContent()) ?? '', /^\s*Request \S{8,}\s*$/);
  await mkdir(output, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(phone);
    await page.screenshot({ path: `${output}${name}-${colorScheme}.png` });
    await page.setViewportSize(narrow);
    const seen = await page.evaluate<Survey>(survey);
    assert.deepEqual(
      { ...seen, weakestContrast: seen.weakestContrast >= contrast },
      { language: 'en', title: heading, scripts: 0, scrollsSideways: false, weakestContrast: true },
      `${name}, ${colorScheme}: contrast ${seen.weakestContrast}`,
    );
  }
}
