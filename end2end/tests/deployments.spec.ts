import { places } from '../support/places';
import { expect, test } from '../support/visit';

test('the list answers for each Deployment what runs, since when and by whom @phone', async ({ page, visit }) => {
  await visit('/');
  await expect(page).toHaveTitle('Deployments · Backstep');
  await expect(page.getByRole('heading', { level: 1, name: 'Deployments' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: 'Workspace Data Platform' })).toBeVisible();
  await expect(page.locator('.grid--deployments tbody tr')).toHaveCount(3);

  const analytics = page.getByRole('row').filter({ hasText: 'analytics-prod' });
  await expect(analytics.locator('[data-label="State"]')).toHaveText('Live');
  await expect(analytics.locator('[data-label="Live deploy"]')).toHaveText('#13 Currency conversion for daily_revenue (#482)');
  await expect(analytics.locator('[data-label="Since"]')).toHaveText(/^\d+ h ago$/);
  await expect(analytics.locator('[data-label="By"]')).toHaveText('CI pipeline');
  await expect(analytics.locator('[data-label="Runtime"]')).toHaveText('12.10.0');
});

test('a search for a part of the name narrows the list and stands in the address', async ({ page, visit }) => {
  await visit('/');
  await page.getByRole('searchbox', { name: 'Search by name' }).fill('BILL');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page).toHaveURL(/\/\?text=BILL$/);
  const names = page.locator('.grid--deployments tbody').getByRole('rowheader');
  await expect(names).toHaveText(['billing-prod']);
  await page.reload();
  await expect(names).toHaveText(['billing-prod']);
  await expect(page.getByRole('searchbox')).toHaveValue('BILL');

  await page.getByRole('searchbox').fill('no such thing');
  await page.getByRole('searchbox').press('Enter');
  await expect(page.getByRole('heading', { name: 'No Deployment has such a name' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(names).toHaveText(['analytics-prod', 'billing-prod', 'ml-features']);
  await expect(page.getByRole('searchbox')).toHaveValue('');
});

test('a Deployment shows at a glance what runs and the last good deploy @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit('/');
  await page.getByRole('link', { name: 'analytics-prod' }).click();
  await expect(page).toHaveURL(new RegExp(`${analytics.home}$`));
  await expect(page).toHaveTitle('analytics-prod · Backstep');
  await expect(page.getByRole('heading', { level: 1, name: 'analytics-prod' })).toBeVisible();

  const live = page.getByRole('region', { name: 'Live', exact: true });
  await expect(live.getByRole('link', { name: '#13' })).toBeVisible();
  await expect(live).toContainText('Currency conversion for daily_revenue (#482)');
  const fact = (name: string) => live.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) }).locator('dd');
  await expect(fact('Since')).toHaveText(/^\d+ h ago , active for 3 h( \d+ min)?$|^\d+ h ago, active for 3 h( \d+ min)?$/);
  await expect(fact('By')).toHaveText('CI pipeline');
  await expect(fact('Image')).toHaveText('2026.11.1');
  await expect(fact('Runtime')).toHaveText('12.10.0');
  await expect(fact('Airflow')).toHaveText('2.10.5');
  await expect(fact('DAG bundle')).toHaveText(/^[0-9a-f]{12}$/);
  await expect(live.getByText('Last good: #12')).toBeVisible();
  await expect(live.getByRole('link', { name: 'Roll back to #12…' })).toBeVisible();

  await expect(page.locator('.deploys > li')).toHaveCount(6);
  await expect(page.locator('.deploys > li').first()).toContainText('#13');
  await expect(page.getByRole('link', { name: 'All of the Deploy History' })).toHaveAttribute('href', analytics.history);
  await expect(page.getByRole('region', { name: 'About' })).toContainText('analytics-prod-dags');
});

test('a time is relative, and exact on hover and for machines', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).home);
  const since = page.getByRole('region', { name: 'Live', exact: true }).locator('time');
  await expect(since).toHaveText(/^\d+ h ago$/);
  const machine = (await since.getAttribute('datetime'))!;
  expect(machine).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const hours = (Date.now() - Date.parse(machine)) / 3_600_000;
  expect(hours, 'the datetime is the time that is told').toBeGreaterThan(3);
  expect(hours).toBeLessThan(4);
  await expect(since).toHaveAttribute('title', new RegExp(`${machine.slice(11, 19)} UTC$`));
});

test('where rollbacks are off, the Live card says so and leads to the switch', async ({ page, visit, server }) => {
  const features = await places(server, 'ml-features');
  await visit(features.home);
  const live = page.getByRole('region', { name: 'Live', exact: true });
  await expect(live).toContainText('Rollback Deploy is switched off in the Settings.');
  await expect(live.getByRole('link', { name: /Roll back/ })).toHaveCount(0);
  await live.getByRole('link', { name: 'Settings' }).click();
  await expect(page).toHaveURL(new RegExp(`${features.settings}$`));
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('the skip link leads past the header', async ({ page, visit }) => {
  await visit('/');
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('searchbox')).toBeFocused();
});
