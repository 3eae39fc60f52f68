import { defineConfig, devices } from '@playwright/test';

// `cargo xtask test end2end` sets these: BACKSTEP_BIN (the server), BACKSTEP_SITE (its web assets) and BACKSTEP_CHROMIUM
// (the browser; without it Playwright takes the one that it installed for itself).
const executablePath = process.env.BACKSTEP_CHROMIUM || undefined;
const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results/artifacts',
  forbidOnly: !!process.env.CI,
  // A test that passes only when tried again may hide a race: `cargo xtask test` names it in its last lines, and fails when
  // there are more than three of them. Set it to 0 to hunt one.
  retries: 1,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
  use: {
    ...devices['Desktop Chrome'],
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      args: [
        // Chromium's sandbox does not start as root.
        ...(root ? ['--no-sandbox'] : []),
        // Nothing but the pages under test may reach for the network.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-domain-reliability',
        '--disable-sync',
        '--no-default-browser-check',
        '--no-first-run',
        '--no-pings',
      ],
    },
  },
  // Tags: @script needs JavaScript, @no-js makes sense only without, @phone runs on a phone's screen as well.
  projects: [
    { name: 'desktop', grepInvert: /@no-js/ },
    { name: 'phone', grep: /@phone/, grepInvert: /@no-js/, use: { viewport: { width: 390, height: 844 }, hasTouch: true } },
    { name: 'no-js', grepInvert: /@script/, use: { javaScriptEnabled: false } },
  ],
});
