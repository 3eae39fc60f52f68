import { places } from '../support/places';
import { expect, test } from '../support/visit';

const NO_DEPLOYMENT = 'There is no such Deployment, or you may not see it.';
const NO_DEPLOY = 'There is no such deploy, or you may not see it.';
const NOTHING = 'Nothing is at this address. It may have been typed or copied wrong.';

test.beforeEach(({ consoleGuard }) => {
  // Chromium reports the page's own status.
  consoleGuard.allow(/the server responded with a status of 404/);
});

for (const [what, address, message] of [
  ['an address that leads nowhere', '/nowhere/at/all', NOTHING],
  ['an unknown Deployment', '/deployments/no-such-thing', NO_DEPLOYMENT],
  ['the history of an unknown Deployment', '/deployments/no-such-thing/history', NO_DEPLOYMENT],
  ['the settings of an unknown Deployment', '/deployments/no-such-thing/settings', NO_DEPLOYMENT],
  ['a rollback of an unknown Deployment', '/deployments/no-such-thing/rollback?to=1', NO_DEPLOYMENT],
  ['a comparison in an unknown Deployment', '/deployments/no-such-thing/compare', NO_DEPLOYMENT],
] as const) {
  test(`${what}: 404, and what is meant`, async ({ page, visit }) => {
    const answer = page.waitForResponse((response) => response.url().endsWith(address) && response.request().isNavigationRequest());
    await visit(address);
    expect((await answer).status()).toBe(404);
    await expect(page.getByRole('heading', { level: 1, name: 'Not found' })).toBeVisible();
    await expect(page.getByRole('alert')).toContainText(message);
    await expect(page).toHaveTitle('Not found · Backstep');
    await page.getByRole('link', { name: 'All Deployments' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Deployments' })).toBeVisible();
  });
}

test('an unknown deploy: 404 wherever it is named', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  for (const [address, message] of [
    [analytics.deploy(999), NO_DEPLOY],
    [`${analytics.home}/deploys/newest`, NOTHING],
    [`${analytics.home}/deploys/0`, NOTHING],
    [analytics.rollback(999), NO_DEPLOY],
    [analytics.compare(1, 999), NO_DEPLOY],
  ] as const) {
    const answer = page.waitForResponse((response) => response.request().isNavigationRequest());
    await visit(address);
    expect((await answer).status(), address).toBe(404);
    await expect(page.getByText(message).first()).toBeVisible();
  }
});
