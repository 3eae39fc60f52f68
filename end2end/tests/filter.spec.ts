import { places } from '../support/places';
import { numbers, rows } from '../support/rows';
import { expect, test } from '../support/visit';
import type { Page } from '@playwright/test';

const DAY = 24 * 3_600_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY).toISOString().slice(0, 10);

async function openFilter(page: Page): Promise<void> {
  await page.locator('summary').filter({ hasText: /^Filter/ }).click();
}

const send = (page: Page) => page.getByRole('button', { name: 'Filter' }).click();

test.describe('one at a time', () => {
  const cases: [string, (page: Page) => Promise<unknown>, string, string[]][] = [
    ['the kind', (page) => page.getByLabel('Kind').selectOption('DAGs'), 'kind=dags', ['#13', '#11', '#10', '#8', '#5', '#2']],
    ['the status', (page) => page.getByLabel('Status').selectOption('Failed'), 'status=failed', ['#6']],
    ['the author', (page) => page.getByLabel('By').selectOption('Dana (DAGs only)'), 'author=demo%3Adags', ['#8']],
    ['a text', (page) => page.getByRole('searchbox', { name: 'Search' }).fill('Currency'), 'text=Currency', ['#13', '#11']],
    ['the first day', (page) => page.getByLabel('From day').fill(daysAgo(20)), `since=${daysAgo(20)}`, ['#13', '#12', '#11']],
    ['the last day', (page) => page.getByLabel('To day').fill(daysAgo(115)), `until=${daysAgo(115)}`, ['#2', '#1']],
    ['what can be rolled back to', (page) => page.getByLabel('Can be rolled back to').check(), 'eligible_only=true', ['#12', '#10', '#9', '#8', '#7', '#5']],
    ['rollbacks', (page) => page.getByLabel('Rollbacks only').check(), 'rollbacks_only=true', ['#4']],
  ];
  for (const [what, choose, query, found] of cases) {
    test(`the history is narrowed by ${what}`, async ({ page, visit, server }) => {
      const analytics = await places(server, 'analytics-prod');
      await visit(analytics.history);
      await openFilter(page);
      await choose(page);
      await send(page);
      await expect(numbers(page)).toHaveText(found);
      expect(new URL(page.url()).search).toContain(query);
      await expect(page.locator('summary').filter({ hasText: 'Filter (on)' })).toBeVisible();
    });
  }
});

test('a search finds images, bundles and commits too', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(`${analytics.deploy(8)}`);
  const bundle = (await page.getByRole('region', { name: 'Summary' }).locator('code').filter({ hasText: /^[0-9a-f]{12}$/ }).first().getAttribute('title'))!;
  for (const text of [bundle, bundle.slice(7, 25)]) {
    await visit(`${analytics.history}?text=${encodeURIComponent(text)}`);
    await expect(numbers(page).last()).toHaveText('#8');
    await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue(text);
  }
  await visit(`${analytics.history}?text=2026.08.3`);
  await expect(numbers(page).last()).toHaveText('#7');
});

test('filters stand in the address: they are kept by reload, back and forward @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  await openFilter(page);
  await page.getByLabel('Kind').selectOption('Image');
  await page.getByLabel('By').selectOption('CI pipeline');
  await send(page);
  await expect(numbers(page)).toHaveText(['#12', '#7', '#6']);

  await page.getByLabel('Status').selectOption('Failed');
  await send(page);
  await expect(numbers(page)).toHaveText(['#6']);
  await page.reload();
  await expect(numbers(page)).toHaveText(['#6']);
  await expect(page.getByLabel('Kind')).toHaveValue('image');
  await expect(page.getByLabel('Status')).toHaveValue('failed');

  await page.goBack();
  await expect(numbers(page)).toHaveText(['#12', '#7', '#6']);
  await expect(page.getByLabel('Status')).toHaveValue('');
  await expect(page.getByLabel('Kind')).toHaveValue('image');
  await page.goBack();
  await expect(rows(page)).toHaveCount(13);
  await expect(page.getByLabel('Kind')).toHaveValue('');
  await page.goForward();
  await expect(numbers(page)).toHaveText(['#12', '#7', '#6']);

  await page.getByRole('link', { name: 'Show all deploys' }).click();
  await expect(rows(page)).toHaveCount(13);
  await expect(page).toHaveURL(new RegExp(`${analytics.history}$`));
});

test('a link to a filter can be sent', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(`${analytics.history}?rollbacks_only=true&author=demo%3Aimages`);
  await expect(numbers(page)).toHaveText(['#4']);
  await expect(page.getByLabel('Rollbacks only')).toBeChecked();
  await expect(page.getByLabel('By')).toHaveValue('demo:images');
});

test('a filter that nothing matches says how to go on', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  await openFilter(page);
  await page.getByRole('searchbox', { name: 'Search' }).fill('100% <no> such_deploy');
  await send(page);
  await expect(page.getByRole('heading', { name: 'No deploy matches' })).toBeVisible();
  await expect(page.getByRole('table')).toHaveCount(0);
  await page.getByRole('link', { name: 'show all deploys', exact: true }).click();
  await expect(rows(page)).toHaveCount(13);
});

test('what the address asks for and cannot be read does not restrict', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(`${analytics.history}?kind=spaceship&since=yesterday&before=x&eligible_only=perhaps`);
  await expect(rows(page)).toHaveCount(13);
});
