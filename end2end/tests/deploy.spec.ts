import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { image, recordImage, untilLive } from '../support/deploys';
import { places } from '../support/places';
import { expect, test } from '../support/visit';

test('a deploy shows its parts, where each came from, and git @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  await page.getByRole('link', { name: '#10', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${analytics.deploy(10)}$`));
  await expect(page).toHaveTitle('Deploy #10 of analytics-prod · Backstep');
  await expect(page.getByRole('heading', { level: 1, name: 'Deploy #10' })).toBeVisible();
  await expect(page.locator('.head .status')).toHaveText('Superseded');

  const summary = page.getByRole('region', { name: 'Summary' });
  const fact = (name: string) => summary.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) }).locator('dd');
  await expect(fact('Recorded')).toHaveText('26 d ago by CI pipeline');
  await expect(fact('Kind')).toHaveText('DAGs');
  await expect(fact('Mechanism')).toHaveText('DAG deploy');
  // The DAGs are its own; the image was there.
  await expect(fact('Image')).toHaveText(/^registry\.acme\.internal\/analytics\/airflow:2026\.10\.1@sha256:[0-9a-f]{64} from #9$/);
  await expect(fact('DAG bundle')).toHaveText(/^[0-9a-f]{12} ?$/);
  await expect(fact('Commit')).toHaveText(/^[0-9a-f]{12}$/);
  await expect(fact('Branch')).toHaveText('main');
  await expect(fact('Commit by')).toHaveText('Noor');
  await expect(fact('Repository')).toHaveText('https://git.acme.internal/data/pipelines');
});

test('a deploy lists what it changed and all of its files', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).deploy(10));
  const changes = page.getByRole('region', { name: 'Changes against #9, live before it' });
  await expect(changes.locator('.grid--parts tbody tr')).toHaveText([/^DAG bundle\s*[0-9a-f]{12}\s*[0-9a-f]{12}$/]);
  await expect(changes.locator('.files__sum')).toHaveText('1 added');
  await expect(changes.locator('.file__path')).toHaveText(['sql/customer_360.sql']);

  const bundle = page.getByRole('region', { name: 'Files of the DAG bundle' });
  await bundle.getByText(/^8 files, /).click();
  await expect(bundle.getByRole('rowheader')).toHaveText([
    '.airflowignore',
    'customer_360.py',
    'daily_revenue.py',
    'lib/__init__.py',
    'lib/markets.py',
    'lib/warehouse.py',
    'sql/customer_360.sql',
    'stock_alerts.py',
  ]);
  await page.getByText('6 settings, by name').or(page.getByText(/^\d+ settings, by name$/)).first().click();
  await expect(page.getByText('AIRFLOW__CELERY__WORKER_CONCURRENCY')).toBeVisible();
});

test('a failed deploy says why, and what runs instead', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.deploy(6));
  await expect(page.locator('.head .status')).toHaveText('Failed');
  const why = 'The registry did not have the image: manifest unknown. Push it and deploy again.';
  await expect(page.locator('.rollout__why')).toHaveText(why);
  const next = page.getByRole('region', { name: 'It failed. What to do next' });
  await expect(next).toContainText('What ran before still runs: #13 is live.');
  await expect(page.locator('.head').getByRole('link', { name: 'Compare with live #13' })).toHaveAttribute('href', analytics.compare(6, 13));
});

test('a rollout shows its steps and their log', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  const pinned = image('analytics', '2026.12.1');
  const { number } = await recordImage(server, analytics.id, { image: pinned, runtimeVersion: '12.10.0', description: 'Security fixes' });
  await untilLive(server, analytics.id, number);
  await visit(`${server.url}${analytics.deploy(number)}`);
  const rollout = page.getByRole('region', { name: `Rollout of #${number}` });
  await expect(rollout.locator('.step__name')).toHaveText(['Switch the image', 'Verify what runs']);
  await expect(rollout.locator('.step__word')).toHaveText(['Done', 'Done']);
  await expect(rollout.getByRole('log')).toContainText(pinned.replace(':2026.12.1', ''));
  await expect(page.getByRole('region', { name: 'Rolled out' })).toBeVisible();
  const env = await readFile(join(server.data, 'demo/analytics-prod/.env'), 'utf8');
  expect(env).toContain(pinned.replace(':2026.12.1', ''));
});

test('a rollout that is followed fills in by itself @script', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.home}`);
  const live = page.getByRole('region', { name: 'Live', exact: true });
  await expect(live).toContainText('#13');
  await recordImage(server, analytics.id, { image: image('analytics', 'next'), runtimeVersion: '12.10.0', description: 'Arrives while looking' });
  await expect(live.locator('.live__description')).toHaveText('Arrives while looking', { timeout: 15_000 });
  await expect(live.locator('.status').first()).toHaveText('Live');
});

test('the description of a deploy can be edited; the edit is what is shown', async ({ page, visit, ownServer, script }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.deploy(12)}`);
  await page.getByText('Edit the description').click();
  const field = page.getByLabel('Description', { exact: true });
  await expect(field).toHaveValue('Security fixes of November');
  await field.fill('Security fixes of November <b>(CVE)</b> & more');
  await page.getByRole('button', { name: 'Save the description' }).click();
  await expect(page.locator('.head .live__description')).toHaveText('Security fixes of November <b>(CVE)</b> & more');
  if (!script) await expect(page).toHaveURL(new RegExp(`${analytics.deploy(12)}$`));
  await visit(`${server.url}${analytics.history}`);
  await expect(page.getByText('Security fixes of November <b>(CVE)</b> & more')).toBeVisible();
});

test('who may not deploy cannot edit a description', async ({ page, visit, be, server }) => {
  await be('viewer');
  await visit((await places(server, 'analytics-prod')).deploy(12));
  await expect(page.getByRole('heading', { level: 1, name: 'Deploy #12' })).toBeVisible();
  await expect(page.getByText('Edit the description')).toHaveCount(0);
});
