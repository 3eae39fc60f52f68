import { test as base, type Browser } from '@playwright/test';
import { ConsoleGuard } from './console';
import { startServer, type Server, type ServerOptions } from './server';

export { expect } from '@playwright/test';
export type { Server, ServerOptions };

type TestFixtures = {
  /** Fails the test on any error in the console; `allow` what the test provokes. */
  consoleGuard: ConsoleGuard;
  /** Whether pages run JavaScript in this project. */
  script: boolean;
};

type WorkerFixtures = {
  /** Set in a file with `test.use({ serverOptions: { demo: false } })`. Each set of options has servers of its own. */
  serverOptions: ServerOptions;
  /** The server that `page.goto('/')` talks to: one a worker, so a test must not rely on what another one left. */
  server: Server;
};

/** How often a browser is started before the tests are given up. */
const LAUNCHES = 3;

/**
 * Chromium itself crashes at its start once in some hundred times on some machines. No page was open by then, so this says
 * nothing about Backstep; a test is never tried again.
 */
async function launched(launch: () => Promise<Browser>): Promise<Browser> {
  for (let left = LAUNCHES - 1; ; left -= 1) {
    try {
      return await launch();
    } catch (error) {
      console.error(`the browser did not start (${left} more tries): ${String(error).split('\n')[0]}`);
      if (left === 0) throw error;
    }
  }
}

/** Playwright's `test` with a server of its own, and with a guard on the console of every page. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  browser: [
    async ({ playwright, launchOptions }, use) => {
      const browser = await launched(() => playwright.chromium.launch(launchOptions));
      await use(browser);
      await browser.close();
    },
    { scope: 'worker' },
  ],
  serverOptions: [{ demo: true }, { option: true, scope: 'worker' }],
  server: [
    async ({ serverOptions }, use) => {
      const server = await startServer(serverOptions);
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  script: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled !== false),
  consoleGuard: [
    async ({ context }, use) => {
      const guard = new ConsoleGuard(context);
      await use(guard);
      guard.check();
    },
    { auto: true },
  ],
});
