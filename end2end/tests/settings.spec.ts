import type { Page } from '@playwright/test';
import { places } from '../support/places';
import { rest } from '../support/rest';
import { expect, test } from '../support/visit';

const switchCard = (page: Page) => page.getByRole('region', { name: 'Rollback Deploy' });
const recorded = (page: Page) => page.getByRole('region', { name: 'Recorded changes' }).locator('tbody tr');

test('Rollback Deploy is switched on after its warning, and the change is recorded @phone', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const features = await places(server, 'ml-features');
  await visit(`${server.url}${features.settings}`);
  await expect(page).toHaveTitle('Settings of ml-features · Backstep');
  await expect(switchCard(page)).toContainText('Off: deploys of this Deployment cannot be rolled back.');
  await expect(page.getByRole('region', { name: 'Recorded changes' })).toContainText('No setting was changed yet.');
  await switchCard(page).getByText('Switch Rollback Deploy on…').click();
  await expect(switchCard(page).locator('.warning')).toContainText(
    'Everybody who may deploy the image or the DAGs here may then roll them back to a deploy of the last 90 days. A rollback changes what runs at once. It does not bring back environment variables, resources or any other setting.',
  );
  await expect(switchCard(page).locator('.warning')).toContainText('The change is recorded with your name.');
  await switchCard(page).getByRole('button', { name: 'Switch Rollback Deploy on' }).click();
  await expect(switchCard(page)).toContainText('On: deploys of this Deployment can be rolled back.');
  await expect(recorded(page).locator('> *')).toHaveText(['just now', 'Ada (admin)', 'Rollback Deploy', 'off', 'on']);
  await visit(`${server.url}${features.home}`);
  await expect(page.getByText('is switched off in the')).toHaveCount(0);
});

test('Rollback Deploy is switched off: then nothing can be rolled back', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.settings}`);
  await switchCard(page).getByText('Switch Rollback Deploy off…').click();
  await expect(switchCard(page).locator('.warning')).toContainText(
    'Nobody can roll this Deployment back any more, also not in an emergency, until it is switched on again.',
  );
  await switchCard(page).getByRole('button', { name: 'Switch Rollback Deploy off' }).click();
  await expect(switchCard(page)).toContainText('Off: deploys of this Deployment cannot be rolled back.');
  await visit(`${server.url}${analytics.rollback(12)}`);
  await expect(page.getByText('Rollback Deploy is off for analytics-prod. Switch it on in its Settings.')).toBeVisible();
});

test('name and description are edited and the changes recorded', async ({ page, visit, ownServer, script }) => {
  const server = await ownServer();
  const billing = await places(server, 'billing-prod');
  await visit(`${server.url}${billing.settings}`);
  await page.getByLabel('Name').fill('billing-eu');
  await page.getByLabel('Description').fill('');
  await page.getByRole('button', { name: 'Save name and description' }).click();
  if (script) await expect(page.getByText('Saved.')).toBeVisible();
  await expect(recorded(page)).toHaveCount(2);
  await expect(recorded(page).filter({ hasText: 'Name' }).locator('> *')).toHaveText(['just now', 'Ada (admin)', 'Name', 'billing-prod', 'billing-eu']);
  await expect(recorded(page).filter({ hasText: 'Invoices' }).locator('> *').last()).toHaveText('empty');
  await expect(page.getByLabel('Name')).toHaveValue('billing-eu');
  await expect(page.getByRole('navigation', { name: 'Place' })).toContainText('billing-eu');
  await visit(`${server.url}/`);
  await expect(page.getByRole('link', { name: 'billing-eu' })).toBeVisible();
});

test('a bad name is refused by name, and what was typed is kept', async ({ page, visit, ownServer, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of (409|422)/);
  const server = await ownServer();
  const billing = await places(server, 'billing-prod');
  const before = await rest(server, 'GET', `deployments/${billing.id}/settings`);
  await visit(`${server.url}${billing.settings}`);
  for (const [name, message] of [
    ['   ', 'name takes 1 to 100 characters.'],
    ['analytics-prod', 'There is a Deployment with this name already. Choose another.'],
  ] as const) {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Description').fill('A description that took long to write');
    await page.getByRole('button', { name: 'Save name and description' }).click();
    await expect(page.getByRole('region', { name: 'General' }).getByRole('alert')).toHaveText(message);
    await expect(page.getByLabel('Name')).toHaveValue(name);
    await expect(page.getByLabel('Description')).toHaveValue('A description that took long to write');
  }
  expect(await rest(server, 'GET', `deployments/${billing.id}/settings`)).toEqual(before);
});

test('kept settings are named, never shown and not edited', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).settings);
  const kept = page.getByRole('region', { name: 'Kept settings' });
  await expect(kept.getByRole('listitem')).toHaveText([
    'AIRFLOW_CONN_WAREHOUSE',
    'AIRFLOW_UID',
    'AIRFLOW_VAR_MARKET_LIMIT',
    'AIRFLOW__CELERY__WORKER_CONCURRENCY',
    'AIRFLOW__CORE__EXECUTOR',
  ]);
  await expect(kept.getByRole('textbox')).toHaveCount(0);
  const all = await page.content();
  for (const secret of ['postgres://demo@warehouse', 'CeleryExecutor', '50000']) expect(all).not.toContain(secret);
});

for (const person of ['viewer', 'dags', 'images'] as const) {
  test(`${person}: settings are read, not changed`, async ({ page, visit, be, server }) => {
    await be(person);
    await visit((await places(server, 'analytics-prod')).settings);
    await expect(
      page.getByText('You may read these settings, not change them. That needs the permission deployment.config.update.'),
    ).toBeVisible();
    await expect(page.getByLabel('Name')).toHaveValue('analytics-prod');
    await expect(page.getByLabel('Name')).not.toBeEditable();
    await expect(page.getByLabel('Description')).not.toBeEditable();
    await expect(page.getByText(/^Switch Rollback Deploy/)).toHaveCount(0);
    await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
  });
}
