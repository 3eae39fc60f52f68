import { image, recordImage } from '../support/deploys';
import { heard, test } from '../support/embedded-test';
import { rest } from '../support/rest';
import { expect } from '../support/test';

// What a portal's backend does: a service account of its own, and for each visitor a token of minutes.
test('a panel whose token expires asks its page for another, and goes on @script', async ({ page, embedded, consoleGuard }) => {
  test.setTimeout(180_000);
  consoleGuard.allow(/the server responded with a status of 401/);
  const { portal, server, ids } = embedded;
  const id = ids['analytics-prod']!;
  const service = await rest(server, 'POST', 'service-accounts', { name: 'portal' });
  await rest(server, 'POST', 'grants', { accountId: service.id, role: 'DEPLOYMENT_EDITOR', deploymentId: id });
  const backend = await rest(server, 'POST', `accounts/${service.id}/tokens`, { name: 'portal', days: 1 });
  const mint = async () => {
    const asked = { deployments: [id], minutes: 1, onBehalfOf: 'jane', permissions: ['deployment.deployRevisions.get', 'deployment.logs.get'] };
    return (await rest(server, 'POST', 'panel-tokens', asked, backend.token)).token as string;
  };
  const first = await mint();
  const minted = Date.now();
  portal.tokens.set('one', [first]);
  portal.body = `<backstep-panel id="one" data-asks deployment="${id}"></backstep-panel>`;
  await page.goto(portal.url);
  const panel = page.locator('#one');
  await expect(panel.locator('.brief__row').first()).toBeVisible();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([0, 0, '']);

  // Nobody asks the panel for anything: the stream of changes ends with the token.
  await page.waitForTimeout(45_000);
  portal.tokens.set('one', [await mint()]);
  await expect.poll(async () => (await heard(page)).some(([, name]) => name === 'auth-required'), { timeout: 60_000 }).toBe(true);
  expect(Date.now() - minted, 'milliseconds since it was minted').toBeGreaterThan(59_000);
  const refused = await fetch(`${server.url}/api/v1/deployments/${id}`, { headers: { authorization: `Bearer ${first}` } });
  expect(refused.status).toBe(401);
  await expect(panel.locator('.brief__row').first()).toBeVisible();

  // With the new one it hears of changes again.
  await recordImage(server, id, { image: image('analytics', 'later'), runtimeVersion: '12.10.0', description: 'Arrives later' });
  await expect(panel.locator('.brief__row').first()).toContainText('Arrives later');
});
