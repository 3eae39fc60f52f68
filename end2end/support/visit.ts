import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from './test';
import { startServer, type Server, type ServerOptions } from './server';

export { expect, type Server };

/** The demo's people. */
export type Person = 'viewer' | 'dags' | 'images' | 'editor' | 'admin';

type Fixtures = {
  /** Opens a page (of another server with its whole address), and with script waits until it has taken over. */
  visit: (address: string) => Promise<void>;
  /** Makes the pages of this test those of a demo person; without it they are the admin's. */
  be: (person: Person, server?: Server) => Promise<void>;
  /** A server that only this test changes. */
  ownServer: (options?: Partial<ServerOptions> & { config?: string }) => Promise<Server>;
  /** A folder that only this test has. */
  folder: string;
};

export const test = base.extend<Fixtures>({
  visit: async ({ page, script }, use) => {
    await use(async (address) => {
      await page.goto(address);
      if (script) await expect(page.locator('html')).toHaveAttribute('data-ready', 'true', { timeout: 15_000 });
    });
  },
  be: async ({ context, server }, use) => {
    await use(async (person, other) => {
      const { url } = other ?? server;
      const answer = await context.request.post(`${url}/ui/choose-person`, {
        form: { person: `demo:${person}` },
        headers: { Accept: 'text/html', Origin: url, Referer: `${url}/` },
        maxRedirects: 0,
      });
      expect(answer.status(), 'the person is chosen').toBe(303);
    });
  },
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'backstep-end2end-own-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
  ownServer: async ({ folder, context }, use) => {
    const started: Server[] = [];
    await use(async ({ config, ...options } = {}) => {
      const args = options.args ?? [];
      if (config !== undefined) {
        const file = join(folder, `backstep-${started.length}.toml`);
        await writeFile(file, config);
        args.push('--config', file);
      }
      const server = await startServer({ demo: true, ...options, args });
      started.push(server);
      return server;
    });
    // A page that is still open would complain of the server that is gone.
    for (const page of context.pages()) await page.close();
    await Promise.all(started.map((server) => server.stop()));
  },
});
