import type { Page } from '@playwright/test';
import { startEmbedded, type Embedded } from './portal';
import { test as base } from './test';

/** `test` with a portal and a demo server of the test's own. */
export const test = base.extend<{ embedded: Embedded }>({
  baseURL: undefined,
  embedded: async ({ context }, use) => {
    const embedded = await startEmbedded();
    await use(embedded);
    // A page that is still open would complain of the server that is gone.
    for (const page of context.pages()) await page.close();
    await embedded.stop();
  },
});

/** What the panels told the page so far: the panel's id, the event, its detail. */
export const heard = (page: Page): Promise<[string, string, any][]> => page.evaluate(() => (window as any).heard);
