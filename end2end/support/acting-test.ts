import { startInstallation, type Installation, type InstallationOptions } from './installation';
import { test as base } from './test';

type ActingFixtures = {
  /** Starts an installation of this test's own; it is stopped at the end of the test. */
  install: (options?: InstallationOptions) => Promise<Installation>;
};

/** `test` for what changes state: no two tests share a server. */
export const test = base.extend<ActingFixtures>({
  // Not the worker's server: nobody acts on that one.
  baseURL: undefined,
  install: async ({ context }, use) => {
    const started: Installation[] = [];
    await use(async (options) => {
      const installation = await startInstallation(options);
      started.push(installation);
      return installation;
    });
    // A page that is still open would complain of the server that is gone.
    for (const page of context.pages()) await page.close();
    for (const installation of started) await installation.stop();
  },
});
