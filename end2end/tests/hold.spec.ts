import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { cli } from '../support/cli';
import { image, recordImage, untilLive } from '../support/deploys';
import { places } from '../support/places';
import { rest } from '../support/rest';
import { cell, row } from '../support/rows';
import { expect, test, type Server } from '../support/visit';

const WHY = 'Freeze: quarter end <b>closing</b>';
const banner = (page: Page) => page.getByRole('region', { name: 'On hold: new deploys are recorded, not rolled out' });
const env = (server: Server) => readFile(join(server.data, 'demo/analytics-prod/.env'), 'utf8');
const arrives = (server: Server, id: string, tag: string) =>
  recordImage(server, id, { image: image('analytics', tag), runtimeVersion: '12.10.0', description: `Deploy ${tag}` });

test('a hold is set by hand with a reason, and says who, why and since when @phone', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.home}`);
  await expect(banner(page)).toHaveCount(0);
  await page.getByText('Set a hold', { exact: true }).click();
  await page.getByLabel('Why').fill(WHY);
  await page.getByRole('button', { name: 'Set the hold' }).click();
  await expect(banner(page)).toBeVisible();
  await expect(banner(page).locator('q')).toHaveText(WHY);
  await expect(banner(page)).toContainText('Ada (admin), since just now');
  await expect(banner(page)).toContainText('No deploy has arrived since. A hold never stops a rollback.');
  await expect(page.getByText('Set a hold', { exact: true })).toHaveCount(0);
  // It is seen wherever the Deployment is.
  await visit(`${server.url}${analytics.history}`);
  await expect(banner(page).locator('q')).toHaveText(WHY);
  await visit(`${server.url}/`);
  const state = page.getByRole('row').filter({ hasText: 'analytics-prod' }).locator('[data-label="State"]');
  await expect(state).toContainText('On hold since just now');

  await visit(`${server.url}${analytics.home}`);
  await banner(page).getByRole('button', { name: 'Release the hold' }).click();
  await expect(banner(page)).toHaveCount(0);
  await expect(page.getByText('Set a hold', { exact: true })).toBeVisible();
});

test('a deploy that arrives is held: recorded, and not rolled out', async ({ page, visit, ownServer, script }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await rest(server, 'POST', `deployments/${analytics.id}/hold`, { why: WHY });
  await visit(`${server.url}${analytics.history}`);
  const before = await env(server);
  const deployed = await cli({ url: server.url, adminToken: 'demo-admin' }, 'deploy', '-d', 'analytics-prod', '--image', image('analytics', 'held'), '-m', 'Arrives during the hold');
  expect(deployed.code, deployed.stderr).toBe(3);
  // With script the page hears of it; without, it is asked again.
  if (!script) await page.reload();
  await expect(cell(row(page, 14), 'Status')).toHaveText('Held', { timeout: 15_000 });
  await expect(cell(row(page, 14), 'Description')).toHaveText('Arrives during the hold');
  await expect(cell(row(page, 13), 'Status')).toHaveText('Live');
  await expect(banner(page)).toContainText('1 deploy is held.');
  expect(await env(server)).toBe(before);
  await visit(`${server.url}${analytics.deploy(14)}`);
  await expect(page.getByText('It is held: recorded, and not rolled out.')).toBeVisible();
  await expect(page.getByText(`held by Ada (admin): ${WHY}`).first()).toBeVisible();
});

test('released to the newest, that deploy is rolled out and the others are cancelled', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await rest(server, 'POST', `deployments/${analytics.id}/hold`, { why: WHY });
  await arrives(server, analytics.id, 'first');
  await arrives(server, analytics.id, 'second');
  await visit(`${server.url}${analytics.home}`);
  await expect(banner(page)).toContainText('2 deploys are held.');
  await banner(page).getByRole('button', { name: 'Release to the newest held deploy' }).click();
  await expect(banner(page)).toHaveCount(0);
  await untilLive(server, analytics.id, 15);
  expect(await env(server)).toContain(image('analytics', 'second').replace(':second', ''));
  await visit(`${server.url}${analytics.history}`);
  await expect(cell(row(page, 15), 'Status')).toHaveText('Live');
  await expect(cell(row(page, 14), 'Status')).toHaveText('Cancelled');
  await visit(`${server.url}${analytics.deploy(14)}`);
  await expect(page.getByText('the hold was released by Ada (admin) without it').first()).toBeVisible();
});

test('released to none, what runs stays and what was held is cancelled', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await rest(server, 'POST', `deployments/${analytics.id}/hold`, { why: WHY });
  await arrives(server, analytics.id, 'first');
  await arrives(server, analytics.id, 'second');
  const before = await env(server);
  await visit(`${server.url}${analytics.history}`);
  await banner(page).getByRole('button', { name: 'Release to none: cancel what is held' }).click();
  await expect(banner(page)).toHaveCount(0);
  await expect(cell(row(page, 15), 'Status')).toHaveText('Cancelled');
  await expect(cell(row(page, 14), 'Status')).toHaveText('Cancelled');
  await expect(cell(row(page, 13), 'Status')).toHaveText('Live');
  expect(await env(server)).toBe(before);
  // The next deploy is rolled out again.
  await arrives(server, analytics.id, 'third');
  await untilLive(server, analytics.id, 16);
});

test('who may not deploy sees the hold and cannot end it', async ({ page, visit, be, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await be('viewer', server);
  await visit(`${server.url}${analytics.home}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByText('Set a hold', { exact: true })).toHaveCount(0);
  await rest(server, 'POST', `deployments/${analytics.id}/hold`, { why: WHY });
  await visit(`${server.url}${analytics.home}`);
  await expect(banner(page)).toContainText('To release it you need the right to deploy the image or the DAGs here.');
  await expect(banner(page).getByRole('button')).toHaveCount(0);
});

test('releasing to a deploy takes the rights that it takes', async ({ page, visit, be, ownServer, folder, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 403/);
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await rest(server, 'POST', `deployments/${analytics.id}/hold`, { why: WHY });
  const dags = join(folder, 'dags');
  await mkdir(dags);
  await writeFile(join(dags, 'one.py'), 'ONE = 1\n');
  const deployed = await cli({ url: server.url, adminToken: 'demo-dags' }, 'deploy', '-d', 'analytics-prod', '--dags', dags, '-m', 'DAGs of Dana');
  expect(deployed.code, deployed.stderr).toBe(3);
  await be('images', server);
  await visit(`${server.url}${analytics.home}`);
  await banner(page).getByRole('button', { name: 'Release to the newest held deploy' }).click();
  await expect(banner(page).getByRole('alert')).toHaveText(
    'You may not deploy DAGs: it needs the permission deployment.dags.push on analytics-prod. Ask an administrator of the Deployment.',
  );
  await expect(banner(page)).toContainText('1 deploy is held.');
  expect((await rest(server, 'GET', `deployments/${analytics.id}/deploys/14`)).status).toBe('HELD');
});

test('a hold without a reason is refused, and the form stays open', async ({ page, visit, ownServer, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 422/);
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.home}`);
  await page.getByText('Set a hold', { exact: true }).click();
  await page.getByLabel('Why').fill('  ');
  await page.getByRole('button', { name: 'Set the hold' }).click();
  await expect(page.getByRole('alert')).toHaveText('why takes 1 to 500 characters.');
  await expect(page.getByLabel('Why')).toBeVisible();
  await expect(banner(page)).toHaveCount(0);
  expect(await rest(server, 'GET', `deployments/${analytics.id}/hold`)).toEqual({ rejectedParts: [] });
});

test('a hold that somebody else set meanwhile is told @no-js', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.home}`);
  await page.getByText('Set a hold', { exact: true }).click();
  await page.getByLabel('Why').fill('Mine');
  await rest(server, 'POST', `deployments/${analytics.id}/hold`, { why: 'Quicker' }, 'demo-editor');
  await page.getByRole('button', { name: 'Set the hold' }).click();
  await expect(banner(page).locator('q')).toHaveText('Quicker');
  await expect(page.getByRole('alert')).toHaveText(
    'analytics-prod is on hold already, by Edda (editor): Quicker. Release that hold first.',
  );
});

test('where DAGs follow git, a hold says what it does not stop', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const features = await places(server, 'ml-features');
  await visit(`${server.url}${features.home}`);
  await page.getByText('Set a hold', { exact: true }).click();
  await expect(page.getByText('It stops image deploys only: the DAGs follow the git branch.')).toBeVisible();
  await rest(server, 'POST', `deployments/${features.id}/hold`, { why: WHY });
  await visit(`${server.url}${features.home}`);
  await expect(banner(page)).toContainText('It stops image deploys only: the DAGs follow the git branch.');
});
