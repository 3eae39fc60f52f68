import type { Page } from '@playwright/test';
import { shownSecret } from '../support/accounts';
import { cli } from '../support/cli';
import { everythingKept } from '../support/kept';
import { places } from '../support/places';
import { expect, test, type Server } from '../support/visit';

/** The status of the Deployment's history for a token. */
async function history(server: Server, id: string, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`${server.url}/api/v1/deployments/${id}/deploys`, { headers })).status;
}

async function makeServiceAccount(page: Page, name: string): Promise<void> {
  await page.getByText('Create a service account', { exact: true }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create the service account' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Tokens of ${name}`);
}

async function makeToken(page: Page, name: string): Promise<string> {
  await page.getByText('Make a token', { exact: true }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Make the token' }).click();
  return shownSecret(page);
}

const token = (page: Page, name: string) => page.locator('.tokens > li').filter({ hasText: name });

test('a token is made, shown once, used, and revoked: refused within a second @phone', async ({ page, visit, ownServer, script }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  const access = `${server.url}/deployments/${analytics.id}/access`;
  await visit(access);
  await makeServiceAccount(page, 'ci of analytics');
  const tokens = page.url();
  await expect(page.getByRole('heading', { name: 'No tokens yet' })).toBeVisible();

  const secret = await makeToken(page, 'GitHub Actions');
  expect(secret).toMatch(/^bss_[0-9A-Za-z]{42}$/);
  await expect(page.getByRole('region', { name: 'The token GitHub Actions is made' })).toContainText(
    'Keep it now: it is not shown again. Only its hash is kept here.',
  );
  await expect(token(page, 'GitHub Actions')).toContainText('Active');
  await expect(token(page, 'GitHub Actions')).toContainText(`bss_...${secret.slice(-4)}`);
  await expect(token(page, 'GitHub Actions')).toContainText('Last usednever');
  expect(page.url()).not.toContain(secret);
  expect(await everythingKept(server)).not.toContain(secret);
  expect(server.output()).not.toContain(secret);
  if (script) {
    // The address is the page's: a reload makes no second token.
    await expect(page).toHaveURL(tokens);
    await page.reload();
  } else {
    await visit(tokens);
  }
  await expect(page.locator('.tokens > li')).toHaveCount(1);
  await expect(page.locator('.secret')).toHaveCount(0);
  expect(await page.content()).not.toContain(secret);

  // Without a role it may nothing.
  expect(await history(server, analytics.id, secret)).toBe(404);
  await visit(access);
  await page.getByLabel('To whom').selectOption({ label: 'ci of analytics' });
  await page.getByLabel('Role', { exact: true }).selectOption('DEPLOYMENT_EDITOR');
  await page.getByRole('button', { name: 'Give the role' }).click();
  const row = page.getByRole('region', { name: 'Service accounts that belong here' }).locator('tbody tr');
  await expect(row).toContainText('DEPLOYMENT_EDITOR');
  expect(await history(server, analytics.id, secret)).toBe(200);
  const listed = await cli({ url: server.url, adminToken: secret }, 'history', '-d', 'analytics-prod');
  expect(listed.stderr).toBe('');
  expect(listed.stdout).toContain('#13');

  await row.getByRole('link', { name: 'Tokens of ci of analytics' }).click();
  await expect(token(page, 'GitHub Actions')).toContainText('Last usedjust now');
  await token(page, 'GitHub Actions').getByText('Revoke it…').click();
  await token(page, 'GitHub Actions').getByRole('button', { name: 'Revoke GitHub Actions' }).click();
  await expect(token(page, 'GitHub Actions')).toContainText('Revoked');
  await expect.poll(() => history(server, analytics.id, secret), { timeout: 1_000 }).toBe(401);
  await expect(token(page, 'GitHub Actions').locator('details')).toHaveCount(0);
  const refused = await cli({ url: server.url, adminToken: secret }, 'history', '-d', 'analytics-prod');
  expect(refused.code).not.toBe(0);
});

test('a token is replaced: both count until the old one ends', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}/access/service-accounts`);
  await expect(page.getByRole('heading', { name: 'No service accounts yet' })).toBeVisible();
  await makeServiceAccount(page, 'portal');
  const first = await makeToken(page, 'backend');
  await visit(`${server.url}/access/service-accounts`);
  await page.getByLabel('To whom').selectOption({ label: 'portal' });
  await page.getByLabel('Role', { exact: true }).selectOption('SYSTEM_VIEWER');
  await page.getByRole('button', { name: 'Give the role' }).click();
  await expect(page.locator('tbody tr').filter({ hasText: 'portal' })).toContainText('SYSTEM_VIEWER');
  await page.getByRole('link', { name: 'Tokens of portal' }).click();
  await token(page, 'backend').getByText('Replace it…').click();
  await token(page, 'backend').getByLabel('The old one ends').selectOption('in an hour');
  await token(page, 'backend').getByRole('button', { name: 'Make the new token' }).click();
  const second = await shownSecret(page);
  expect(second).not.toBe(first);
  await expect(page.locator('.tokens > li')).toHaveCount(2);
  await expect(page.locator('.tokens > li').filter({ hasText: 'Active' })).toContainText(second.slice(-4));
  const old = page.locator('.tokens > li').filter({ hasText: 'Replaced, ends soon' });
  await expect(old).toContainText(first.slice(-4));
  await expect(old).toContainText(/Endsin \d+ min/);
  expect(await history(server, analytics.id, first)).toBe(200);
  expect(await history(server, analytics.id, second)).toBe(200);
  await expect(old.getByText('Replace it…')).toHaveCount(0);
});

test('one\u2019s own token is limited to a Deployment and to permissions', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const [analytics, billing] = [await places(server, 'analytics-prod'), await places(server, 'billing-prod')];
  await visit(`${server.url}/me`);
  await page.getByText('Make a token', { exact: true }).click();
  await page.getByLabel('Name').fill('laptop');
  await page.getByLabel('Lasts, in days').fill('5');
  await page.getByLabel('analytics-prod').check();
  await page.getByText('Only some permissions').click();
  await page.getByLabel('deployment.deployRevisions.get').check();
  await page.getByRole('button', { name: 'Make the token' }).click();
  const secret = await shownSecret(page);
  expect(secret).toMatch(/^bsp_/);
  await expect(token(page, 'laptop')).toContainText('Expires soon');
  await expect(token(page, 'laptop')).toContainText('analytics-prod');
  await expect(token(page, 'laptop')).toContainText('deployment.deployRevisions.get');
  expect(await history(server, analytics.id, secret)).toBe(200);
  expect(await history(server, billing.id, secret)).toBe(404);
  const hold = await fetch(`${server.url}/api/v1/deployments/${analytics.id}/hold`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ why: 'not allowed' }),
  });
  expect(hold.status).toBe(403);
});

test('a token without a name, or for too long, is refused and what was chosen is kept @no-js', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  await visit(`${server.url}/me`);
  await page.getByText('Make a token', { exact: true }).click();
  await page.getByLabel('Name').fill('   ');
  await page.getByLabel('Lasts, in days').fill('30');
  await page.getByLabel('billing-prod').check();
  await page.getByRole('button', { name: 'Make the token' }).click();
  await expect(page.getByRole('alert')).toHaveText('No token was made. `name` takes 1 to 100 characters.');
  await expect(page.getByLabel('Lasts, in days')).toHaveValue('30');
  await expect(page.getByLabel('billing-prod')).toBeChecked();
  await expect(page.getByLabel('analytics-prod')).not.toBeChecked();
});

test('the page that shows a token works on like any other @no-js', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  await visit(`${server.url}/access/service-accounts`);
  await makeServiceAccount(page, 'portal');
  const tokens = page.url();
  await makeToken(page, 'short-lived');
  await token(page, 'short-lived').getByText('Revoke it…').click();
  await token(page, 'short-lived').getByRole('button', { name: 'Revoke short-lived' }).click();
  await expect(page).toHaveURL(new RegExp(`^${tokens}#token-`));
  await expect(token(page, 'short-lived')).toContainText('Revoked');
  // Asking again for the answer's address leads to the page, and makes nothing.
  await visit(`${server.url}/ui/make-token?at=${new URL(tokens).pathname}`);
  await expect(page).toHaveURL(tokens);
  await expect(page.locator('.tokens > li')).toHaveCount(1);
});

test('the secret is copied @script', async ({ page, visit, ownServer, context }) => {
  const server = await ownServer();
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await visit(`${server.url}/me`);
  const secret = await makeToken(page, 'copied');
  await expect(page.locator('html')).toHaveAttribute('data-ready', 'true');
  await page.getByRole('button', { name: 'Copy the token' }).click();
  await expect(page.getByText('Copied.')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  // It is gone with the next page, and does not come back with the way back.
  await page.getByRole('banner').getByRole('link', { name: 'Access' }).click();
  await expect(page.getByRole('heading', { name: 'People' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Your account');
  await expect(page.locator('.secret')).toHaveCount(0);
});

test('whoever may not see a service account finds none', async ({ page, visit, be, ownServer, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of (403|404)/);
  const server = await ownServer();
  await visit(`${server.url}/access/service-accounts`);
  await makeServiceAccount(page, 'portal');
  const tokens = page.url();
  await be('viewer', server);
  await visit(tokens);
  await expect(page.getByRole('alert')).toContainText('You may not see tokens');
  // People's tokens are theirs alone, also for the administrator.
  await be('admin', server);
  await visit(`${server.url}/accounts/demo:viewer/tokens`);
  await expect(page.getByRole('alert')).toContainText('There is no such account, or you may not see it.');
});
