import type { Page } from '@playwright/test';
import { setUpLink, WITHOUT_TOKEN } from '../support/accounts';
import { expectAccessible } from '../support/axe';
import { expectFits } from '../support/layout';
import { places } from '../support/places';
import { expect, test, type Person } from '../support/visit';

const details = (page: Page) =>
  page.evaluate(() => document.querySelectorAll('details').forEach((element) => (element.open = true)));

async function fine(page: Page): Promise<void> {
  await expectAccessible(page);
  await expectFits(page);
}

const PAGES: [name: string, path: string, as?: Person][] = [
  ['people', '/access'],
  ['teams, none yet', '/access/teams'],
  ['roles', '/access/roles'],
  ['service accounts, none yet', '/access/service-accounts'],
  ['a Deployment\u2019s access', 'deployment'],
  ['a Deployment\u2019s access, somebody explained', 'deployment?account=demo%3Aeditor'],
  ['a Deployment\u2019s access, as a viewer', 'deployment', 'viewer'],
  ['one\u2019s own account', '/me'],
  ['no permission', '/access', 'viewer'],
];

for (const [name, path, as] of PAGES) {
  test(`${name}: accessible, and fits @script @phone`, async ({ page, visit, be, server, consoleGuard }) => {
    consoleGuard.allow(/the server responded with a status of 403/);
    if (as) await be(as);
    const { home } = await places(server, 'analytics-prod');
    await visit(path.replace(/^deployment/, `${home}/access`));
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await fine(page);
    await details(page);
    await fine(page);
  });
}

test('what is made on these pages: accessible, and fits @script @phone', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const { id } = await places(server, 'analytics-prod');
  const long = `Team of ${'everybody'.repeat(9)}`;
  await visit(`${server.url}/access/teams`);
  await page.getByLabel('Name').fill(long);
  await page.getByRole('button', { name: 'Create the team' }).click();
  for (let i = 0; i < 2; i++) await page.getByRole('button', { name: 'Put in' }).click();
  await expect(page.locator('.members li')).toHaveCount(2);
  await details(page);
  await fine(page);

  await visit(`${server.url}/deployments/${id}/access`);
  await page.getByLabel('To whom').selectOption({ label: long });
  await page.getByRole('button', { name: 'Give the role' }).click();
  await expect(page.getByRole('rowheader', { name: long })).toBeVisible();
  await page.getByText('Create a service account', { exact: true }).click();
  await page.getByLabel('Name').fill('ci');
  await page.getByRole('button', { name: 'Create the service account' }).click();
  await fine(page);
  await page.getByText('Make a token', { exact: true }).click();
  await page.getByLabel('Name').fill(`token ${'of many words '.repeat(6)}`);
  await page.getByRole('button', { name: 'Make the token' }).click();
  await expect(page.locator('.secret')).toBeVisible();
  await details(page);
  await fine(page);

  // Refused: a name that the place has already.
  await visit(`${server.url}/deployments/${id}/access`);
  await fine(page);
  await page.getByText('Create a service account', { exact: true }).click();
  await page.getByLabel('Name').fill('ci');
  await page.getByRole('button', { name: 'Create the service account' }).click();
  await expect(page.getByRole('alert')).toHaveText(
    'No service account was created. There is a service account with this name already. Choose another.',
  );
  await fine(page);

  await visit(`${server.url}/access`);
  await page.getByText('Invite a person', { exact: true }).click();
  await page.getByLabel('Login').fill('new@example.com');
  await page.getByLabel('Name', { exact: true }).fill('Newcomer');
  await page.getByRole('button', { name: 'Make the account and its link' }).click();
  await expect(page.locator('.secret')).toBeVisible();
  await fine(page);
  await visit((await page.locator('.secret').textContent())!);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome, Newcomer');
  await fine(page);

  const workspace = await page.request.get(`${server.url}/api/v1/workspaces`, { headers: { Authorization: 'Bearer demo-admin' } });
  const { workspaces } = await workspace.json();
  await visit(`${server.url}/workspaces/${workspaces[0].id}/access`);
  await fine(page);
});

test('the set-up, and a link that is used up: accessible, and fit @script @phone', async ({ page, visit, ownServer, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 404/);
  const server = await ownServer(WITHOUT_TOKEN);
  await visit(await setUpLink(server));
  await fine(page);
  await visit(`${server.url}/set-up?token=${'0'.repeat(64)}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link does not work any more');
  await fine(page);
});
