import { places } from '../support/places';
import { row } from '../support/rows';
import { expect, test } from '../support/visit';

test('any two deploys are compared from the history @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  // The newest two are chosen until somebody chooses others.
  await expect(page.getByRole('radio', { name: 'Compare to #13' })).toBeChecked();
  await expect(page.getByRole('radio', { name: 'Compare from #12' })).toBeChecked();
  await row(page, 5).getByRole('radio', { name: 'Compare from #5' }).check();
  await page.getByRole('button', { name: 'Compare' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'From #5 to #13' })).toBeVisible();
  expect(new URL(page.url()).searchParams.toString().split('&').sort()).toEqual(['from=5', 'to=13']);
  await expect(page.getByRole('region', { name: 'From' })).toContainText('Italy and Spain join daily_revenue');
  await expect(page.getByRole('region', { name: 'To' })).toContainText('Currency conversion for daily_revenue (#482)');

  const parts = page.getByRole('region', { name: 'Parts' });
  await expect(parts.getByRole('rowheader')).toHaveText(['Image', 'Runtime', 'Airflow', 'DAG bundle']);
  const runtime = parts.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Runtime' }) });
  await expect(runtime.locator('td')).toHaveText(['11.10.0', '12.10.0']);

  const files = page.getByRole('region', { name: 'DAG files' });
  await expect(files.locator('.files__sum')).toHaveText('1 added, 1 changed');
  await expect(files.locator('.file__path')).toHaveText(['daily_revenue.py', 'sql/customer_360.sql']);
  await expect(files.locator('.file__kind')).toHaveText(['changed', 'added']);

  await page.getByRole('link', { name: 'Swap' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'From #13 to #5' })).toBeVisible();
  await expect(page.locator('.file__kind')).toHaveText(['changed', 'removed']);
});

test('the lines of one file are shown', async ({ page, visit, server, script }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.compare(12, 13));
  const file = page.locator('.file').filter({ hasText: 'daily_revenue.py' });
  await file.locator('summary').click();
  if (!script) {
    await file.getByRole('link', { name: 'Show the lines' }).click();
    await expect(page).toHaveURL(/[?&]file=daily_revenue\.py$/);
  }
  const lines = page.getByRole('region', { name: 'Lines of daily_revenue.py' });
  await expect(lines.locator('.diff__removed code')).toHaveText([/row\["amount"\] \* row\["rate"\]/]);
  await expect(lines.locator('.diff__added code')).toHaveText([/(?<!\* )row\["rate"\]/]);
  await expect(lines.locator('.diff__added .unseen')).toHaveText('added: ');
  const [old, fresh] = [lines.locator('.diff__removed .diff__number').first(), lines.locator('.diff__added .diff__number').last()];
  expect(await old.textContent()).toBe(await fresh.textContent());
  // A link to the lines can be sent.
  await visit(`${analytics.compare(12, 13)}&file=daily_revenue.py`);
  await expect(page.getByRole('region', { name: 'Lines of daily_revenue.py' })).toBeVisible();
});

test('kept settings that changed are named, and their values never shown', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.compare(5, 13));
  const kept = page.getByRole('region', { name: 'Kept settings that changed' });
  await expect(kept.getByRole('listitem')).toHaveText(['AIRFLOW__CELERY__WORKER_CONCURRENCY']);
  await expect(kept).toContainText('Values are never shown.');
  expect(await page.content()).not.toContain('postgres://demo@warehouse');
  await visit(analytics.compare(12, 13));
  await expect(page.getByRole('region', { name: 'Kept settings that changed' })).toContainText('No kept setting differs.');
});

test('without two numbers the page asks for them', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(`${analytics.home}/compare`);
  await expect(page.getByRole('heading', { level: 1, name: 'Compare two deploys' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Which two?' })).toBeVisible();
  await page.getByRole('spinbutton', { name: 'From deploy' }).fill('9');
  await page.getByRole('spinbutton', { name: 'To deploy' }).fill('10');
  await page.getByRole('button', { name: 'Compare' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'From #9 to #10' })).toBeVisible();
  await expect(page.getByRole('spinbutton', { name: 'From deploy' })).toHaveValue('9');
});

test('deploys without DAG bundles are compared by their parts', async ({ page, visit, server }) => {
  await visit((await places(server, 'billing-prod')).compare(5, 6));
  await expect(page.getByRole('region', { name: 'Parts' }).getByRole('rowheader')).toHaveText(['Image', 'Runtime']);
  await expect(page.getByRole('region', { name: 'DAG files' })).toContainText(
    'The files cannot be compared: one of the two has no DAG bundle, or it is gone.',
  );
});
