import { image, recordImage } from '../support/deploys';
import { places } from '../support/places';
import { row } from '../support/rows';
import { expect, test, type Server } from '../support/visit';

/** Another deploy, which the page hears of. */
const deployArrives = (server: Server, id: string) =>
  recordImage(server, id, { image: image('analytics', 'meanwhile'), runtimeVersion: '12.10.0', description: 'Arrives meanwhile' });

// Whoever fills in a form at 3 a.m. does so while CI goes on deploying.
test('a filter that is being filled in stays when a deploy arrives @script', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.history}`);
  await page.getByText('Filter', { exact: true }).first().click();
  await page.getByLabel('Search').fill('half typed');
  await page.getByLabel('Status').selectOption({ label: 'Failed' });
  await page.getByLabel('Rollbacks only').check();
  await deployArrives(server, analytics.id);
  await expect(row(page, 14)).toBeVisible();
  await expect(page.getByLabel('Search')).toBeVisible();
  await expect(page.getByLabel('Search')).toHaveValue('half typed');
  await expect(page.getByLabel('Status').locator('option:checked')).toHaveText('Failed');
  await expect(page.getByLabel('Rollbacks only')).toBeChecked();
});

test('the reason of a hold that is being typed stays when a deploy arrives @script', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.home}`);
  await page.getByText('Set a hold', { exact: true }).click();
  await page.getByLabel('Why').fill('Half a reas');
  await deployArrives(server, analytics.id);
  await expect(page.getByText('Arrives meanwhile').first()).toBeVisible();
  await expect(page.getByLabel('Why')).toBeVisible();
  await expect(page.getByLabel('Why')).toHaveValue('Half a reas');
  // The form still works.
  await page.getByLabel('Why').fill('A whole reason');
  await page.getByRole('button', { name: 'Set the hold' }).click();
  await expect(page.locator('.hold q')).toHaveText('A whole reason');
});

test('a description that is being edited stays when a deploy arrives @script', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.deploy(13)}`);
  await page.getByText('Edit the description', { exact: true }).click();
  await page.getByLabel('Description').fill('Half a sent');
  await deployArrives(server, analytics.id);
  await expect(page.getByText('Superseded').first()).toBeVisible();
  await expect(page.getByLabel('Description')).toBeVisible();
  await expect(page.getByLabel('Description')).toHaveValue('Half a sent');
});
