import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { image, recordImage, told, untilLive } from '../support/deploys';
import { createDeployment, ownImageTarget } from '../support/own_deployment';
import { places } from '../support/places';
import { row } from '../support/rows';
import { expect, test } from '../support/visit';

const will = (page: Page) => page.getByRole('region', { name: 'Will be rolled back' });
const wont = (page: Page) => page.getByRole('region', { name: 'Will not be rolled back' });
const shown = (page: Page, selector: string) => page.locator(selector).filter({ visible: true });
const scope = (page: Page, name: 'Image' | 'DAGs' | 'Image and DAGs') => page.getByRole('radio', { name, exact: true });
const go = (page: Page, to: number) => page.getByRole('button', { name: `Roll back analytics-prod to #${to}` });

test('the plan is a page of its own, so that a link to it can be sent @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.rollback(10));
  await expect(page).toHaveTitle('Roll back analytics-prod to #10 · Backstep');
  await expect(page.getByRole('heading', { level: 1, name: 'Roll back analytics-prod to #10' })).toBeVisible();
  const [from, to] = [page.locator('.plan__side').first(), page.locator('.plan__side').last()];
  await expect(from).toContainText('From #13 live now');
  await expect(from).toContainText('Currency conversion for daily_revenue (#482)');
  await expect(to).toContainText('To #10 runs again');
  await expect(to).toContainText('SQL of customer_360 in its own file');
  await expect(page.locator('.plan__count')).toHaveText('1 deploy in between:');
  await expect(page.locator('.plan__between li')).toHaveText([/^#12 Security fixes of November/]);
  await expect(scope(page, 'Image and DAGs')).toBeChecked();
  await expect(go(page, 10)).toBeVisible();
  await expect(page.getByRole('checkbox', { name: 'Hold new deploys' })).toBeChecked();
  await expect(page.getByRole('checkbox', { name: 'Mark #13 as rejected' })).toBeChecked();
});

test('it says what will and what will not be rolled back, and what is undone', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).rollback(10));
  await expect(will(page).locator('li').filter({ visible: true })).toHaveText([
    /^Image\s*from\s*2026\.11\.1\s*→\s*to\s*2026\.10\.1$/,
    /^Runtime\s*from\s*12\.10\.0\s*→\s*to\s*12\.9\.0$/,
    /^Project code with DAGs\s*from\s*[0-9a-f]{12}\s*→\s*to\s*[0-9a-f]{12}$/,
  ]);
  for (const kept of ['Executor', 'Scheduler and other resources', 'Name and description of the Deployment']) {
    await expect(wont(page).getByRole('listitem').filter({ hasText: kept }).first()).toBeVisible();
  }
  await expect(shown(page, '.undone h2')).toHaveText(['2 deploys are undone']);
  await expect(shown(page, '.undone li')).toHaveText(['#13', '#12']);
  const files = page.getByRole('region', { name: 'DAG files' });
  await expect(files.locator('.file__path')).toHaveText(['daily_revenue.py']);
  await expect(shown(page, '.plan__sum p').first()).toContainText('Image and DAGs from #13 to #10.');
});

test('the scope is switched without asking the server', async ({ page, visit, server, script }) => {
  await visit((await places(server, 'analytics-prod')).rollback(10));
  const asked: string[] = [];
  page.on('request', (request) => {
    // Neither the live stream nor the icon in the tab is a question about the plan.
    if (!/\/events\/|favicon/.test(request.url())) asked.push(request.url());
  });
  await scope(page, 'DAGs').check();
  await expect(will(page).locator('li').filter({ visible: true })).toHaveText([/^Project code with DAGs/]);
  await expect(wont(page).getByText('Image, Runtime and Airflow version: they stay as they are now')).toBeVisible();
  await expect(shown(page, '.undone h2')).toHaveText(['1 deploy is undone']);
  await expect(shown(page, '.undone li')).toHaveText(['#13']);
  await expect(shown(page, '.plan__sum p').first()).toContainText('DAGs from #13 to #10.');

  await scope(page, 'Image').check();
  await expect(will(page).locator('li').filter({ visible: true })).toHaveText([/^Image/, /^Runtime/]);
  await expect(wont(page).getByText('DAGs: they stay as they are now')).toBeVisible();
  await expect(shown(page, '.undone li')).toHaveText(['#12']);
  await expect(page.getByRole('region', { name: 'DAG files' })).toHaveCount(0);
  await expect(shown(page, '.warnings li').filter({ hasText: 'did not run together' })).toHaveText([
    'The image of #10 and the DAGs of #13 did not run together since #10. Check that they fit.',
  ]);
  expect(asked).toEqual([]);
  // Without script the page holds every scope already.
  if (!script) {
    for (const value of ['image', 'dags', 'image_and_dags']) {
      await expect(page.locator(`.will [data-for="${value}"]`)).toHaveCount(1);
    }
  }
});

test('kept settings are named, changed ones marked, and no value is ever shown @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.rollback(8));
  await expect(wont(page).getByRole('listitem').filter({ hasText: 'changed since #8' })).toHaveText(
    'AIRFLOW__CELERY__WORKER_CONCURRENCY changed since #8',
  );
  await expect(shown(page, '.warnings li').filter({ hasText: 'Changed since #8' })).toHaveText([
    'Changed since #8 and not rolled back: AIRFLOW__CELERY__WORKER_CONCURRENCY. Set them back by hand where the older code needs it.',
  ]);
  await wont(page).locator('summary').click();
  for (const name of ['AIRFLOW_UID', 'AIRFLOW__CORE__EXECUTOR', 'AIRFLOW_CONN_WAREHOUSE', 'AIRFLOW_VAR_MARKET_LIMIT']) {
    await expect(wont(page).getByText(name, { exact: true })).toBeVisible();
  }
  const all = await page.content();
  const env = await readFile(join(server.data, 'demo/analytics-prod/.env'), 'utf8');
  for (const secret of ['postgres://demo@warehouse.internal/analytics', 'CeleryExecutor']) {
    expect(env, 'the file that the names are from').toContain(secret);
    expect(all).not.toContain(secret);
  }
});

test('without a target the last good deploy is proposed', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(`${analytics.home}/rollback`);
  await expect(page.getByRole('heading', { level: 1, name: 'Roll back analytics-prod to #12' })).toBeVisible();
  await expect(page.getByText('#12 is proposed because it is the last good deploy')).toBeVisible();
  await visit(analytics.rollback(12));
  await expect(page.getByText('is proposed because')).toHaveCount(0);
});

test('a file of the plan is read before confirming', async ({ page, visit, server, script }) => {
  await visit((await places(server, 'analytics-prod')).rollback(12));
  const file = page.locator('.file').filter({ hasText: 'daily_revenue.py' });
  await file.locator('summary').click();
  if (!script) await file.getByRole('link', { name: 'Show the lines' }).click();
  const lines = page.getByRole('region', { name: 'Lines of daily_revenue.py' });
  await expect(lines.locator('.diff__added code')).toHaveText([/row\["amount"\] \* row\["rate"\]/]);
  await expect(page.getByRole('heading', { level: 1, name: 'Roll back analytics-prod to #12' })).toBeVisible();
});

test('a restricted Runtime is allowed, with a warning that names the reason', async ({ page, visit, ownServer, folder }) => {
  const server = await ownServer({ config: await ownImageTarget(folder) });
  const id = await createDeployment(server, { name: 'legacy', mechanism: 'image' });
  for (const [number, runtimeVersion] of [
    [1, '11.1.0'],
    [2, '11.2.0'],
  ] as const) {
    await recordImage(server, id, { image: image('legacy', runtimeVersion), runtimeVersion, description: runtimeVersion });
    await untilLive(server, id, number);
  }
  const legacy = await places(server, 'legacy');
  await visit(`${server.url}${legacy.history}`);
  await expect(row(page, 1).locator('.flag')).toHaveText('Runtime restricted');
  await visit(`${server.url}${legacy.rollback(1)}`);
  await expect(shown(page, '.warnings li').first()).toHaveText(
    'Runtime 11.1.0 is restricted: db migration issues when you have running triggers. It may have serious faults; use it with caution.',
  );
  await expect(page.getByRole('button', { name: 'Roll back legacy to #1' })).toBeEnabled();
});

test('what was chosen and typed is kept when the description is refused', async ({ page, visit, server, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 422/);
  const analytics = await places(server, 'analytics-prod');
  const before = await told(server, analytics.id);
  await visit(analytics.rollback(10));
  await scope(page, 'DAGs').check();
  await page.getByRole('checkbox', { name: 'Hold new deploys' }).uncheck();
  await page.getByRole('textbox', { name: 'Why' }).fill('   ');
  await go(page, 10).click();
  await expect(page.getByRole('alert')).toHaveText('Say why you roll back: one sentence helps whoever comes next.');
  await expect(scope(page, 'DAGs')).toBeChecked();
  await expect(page.getByRole('checkbox', { name: 'Hold new deploys' })).not.toBeChecked();
  await expect(page.getByRole('checkbox', { name: 'Mark #13 as rejected' })).toBeChecked();
  await expect(page.getByRole('textbox', { name: 'Why' })).toHaveValue('   ');
  expect(await told(server, analytics.id)).toBe(before);
});

test('a description is never sent empty: the browser asks for it', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).rollback(10));
  await go(page, 10).click();
  const why = page.getByRole('textbox', { name: 'Why' });
  await expect(why).toBeFocused();
  expect(await why.evaluate((field: HTMLTextAreaElement) => field.validity.valueMissing)).toBe(true);
  await expect(page).toHaveURL(/rollback\?to=10$/);
});

test('whoever leaves the page is back in the history', async ({ page, visit, server, script }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.rollback(10));
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(new RegExp(`${analytics.history}$`));
  if (script) {
    await visit(analytics.rollback(10));
    await page.getByRole('textbox', { name: 'Why' }).press('Escape');
    await expect(page).toHaveURL(new RegExp(`${analytics.history}$`));
  }
});
