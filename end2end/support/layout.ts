import { expect, type Page } from '@playwright/test';
import { expectAccessible } from './axe';

/** A small laptop, and a phone. */
const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

/** The page as it is now is accessible in both themes and makes nothing scroll sideways, on a laptop and on a phone. */
export async function expectSound(page: Page): Promise<void> {
  for (const size of [LAPTOP, PHONE]) {
    await page.setViewportSize(size);
    await expectFits(page);
    // The colours are the same on a phone; what is where, and how large, is not.
    await expectAccessible(page, size === LAPTOP ? ['light', 'dark'] : ['light']);
  }
  await page.setViewportSize(LAPTOP);
}

/** The page itself does not scroll sideways. What sticks out is named, unless it can be scrolled to where it is. */
export async function expectFits(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() => {
    const root = document.scrollingElement!;
    if (root.scrollWidth <= root.clientWidth) return [];
    const scrolls = (element: Element | null): boolean =>
      element !== null && element !== root && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > root.clientWidth + 0.5 && !scrolls(element.parentElement),
    );
    return [`${root.scrollWidth} > ${root.clientWidth}`, ...wide.map((element) => element.outerHTML.slice(0, 160))];
  });
  expect(tooWide, `wider than ${page.viewportSize()?.width} pixels`).toEqual([]);
}
