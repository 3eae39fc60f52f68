import type { Page } from '@playwright/test';
import { image, recordImage, untilLive } from '../support/deploys';
import { expectSound } from '../support/layout';
import { places, type Places } from '../support/places';
import { rest } from '../support/rest';
import { row } from '../support/rows';
import { expect, test, type Person, type Server } from '../support/visit';

/** A state of a page that a person can see: where it is, and what leads to it there. */
type State = {
  name: string;
  at: (deployment: Places) => string;
  of?: string;
  as?: Person;
  then?: (page: Page) => Promise<unknown>;
};

const details = (page: Page) =>
  page.evaluate(() => document.querySelectorAll('details').forEach((element) => (element.open = true)));

async function dialog(page: Page, to: number): Promise<void> {
  await row(page, to).getByRole('link', { name: `Deploy (roll back to #${to})` }).click();
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Why' })).toBeVisible();
}

const STATES: State[] = [
  { name: 'the Deployments', at: () => '/' },
  { name: 'the Deployments, none found', at: () => '/?text=nothing' },
  { name: 'a Deployment', at: (d) => d.home, then: details },
  { name: 'a Deployment that cannot be rolled back', at: (d) => d.home, of: 'ml-features', then: details },
  { name: 'a Deployment, as a viewer', at: (d) => d.home, as: 'viewer' },
  { name: 'the Deploy History', at: (d) => d.history },
  { name: 'the Deploy History, all opened', at: (d) => d.history, then: details },
  { name: 'the Deploy History, nothing found', at: (d) => `${d.history}?text=nothing` },
  { name: 'a deploy', at: (d) => d.deploy(10) },
  { name: 'a deploy, all opened', at: (d) => d.deploy(13), then: details },
  { name: 'a failed deploy', at: (d) => d.deploy(6), then: details },
  { name: 'a rollback that was rolled out', at: (d) => d.deploy(4) },
  { name: 'the question whether to cancel, too late', at: (d) => `${d.deploy(4)}/cancel` },
  { name: 'the held deploys, none', at: (d) => `${d.home}/hold` },
  { name: 'the export, none configured', at: () => '/export' },
  { name: 'a comparison', at: (d) => d.compare(5, 13) },
  { name: 'a comparison with the lines of a file', at: (d) => `${d.compare(12, 13)}&file=daily_revenue.py` },
  { name: 'a comparison of nothing yet', at: (d) => `${d.home}/compare` },
  { name: 'the settings', at: (d) => d.settings, then: details },
  { name: 'the settings, as a viewer', at: (d) => d.settings, as: 'viewer' },
  { name: 'a plan', at: (d) => d.rollback(8), then: details },
  { name: 'a plan of one scope', at: (d) => d.rollback(7), then: details },
  { name: 'a plan that is refused', at: (d) => d.rollback(10), as: 'viewer' },
  { name: 'a plan with its lines', at: (d) => `${d.rollback(12)}&file=daily_revenue.py` },
  { name: 'the dialog', at: (d) => d.history, then: (page) => dialog(page, 10) },
  {
    name: 'the dialog with another scope and all opened',
    at: (d) => d.history,
    then: async (page) => {
      await dialog(page, 8);
      await page.getByRole('radio', { name: 'DAGs', exact: true }).check();
      await details(page);
    },
  },
  {
    name: 'the dialog of what can be done in part',
    at: (d) => d.history,
    as: 'dags',
    then: (page) => dialog(page, 10),
  },
  {
    name: 'the dialog of what cannot be done',
    at: (d) => d.history,
    as: 'viewer',
    then: async (page) => {
      await row(page, 10).getByRole('link', { name: 'Deploy (roll back to #10)' }).click();
      await expect(page.getByRole('dialog').getByRole('heading', { name: 'This cannot be done now' })).toBeVisible();
    },
  },
];

for (const { name, at, of, as, then } of STATES) {
  test(`${name}: accessible, and fits @script`, async ({ page, visit, be, server }) => {
    if (as) await be(as);
    await visit(at(await places(server, of ?? 'analytics-prod')));
    await then?.(page);
    await expectSound(page);
  });
}

test('refusals of a form: accessible, and fit @script', async ({ page, visit, server, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 422/);
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  await dialog(page, 10);
  await page.getByRole('textbox', { name: 'Why' }).fill('  ');
  await page.getByRole('button', { name: 'Roll back analytics-prod to #10' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectSound(page);
  await visit(analytics.settings);
  await page.getByLabel('Name').fill('  ');
  await page.getByRole('button', { name: 'Save name and description' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectSound(page);
});

test('not found: accessible, and fits @script', async ({ page, visit, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 404/);
  await visit('/nowhere');
  await expectSound(page);
});

test('a hold, and deploys in every state: accessible, and fit @script', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  const rolledBack = await rest(server, 'POST', `deployments/${analytics.id}/deploys/12/rollback`, { description: LONG, scope: 'dags' });
  await untilLive(server, analytics.id, rolledBack.number);
  await arrive(server, analytics.id, LONG);
  for (const address of [analytics.home, analytics.history, analytics.deploy(14), analytics.deploy(15), '/']) {
    await visit(`${server.url}${address}`);
    await expect(page.getByText(LONG).first()).toBeAttached();
    await expectSound(page);
  }
});

/** As long as it may be, and without a place to break it. */
const LONG = `https://incidents.example/${'x'.repeat(200)} ${'The revenue is wrong since the deploy of this morning. '.repeat(4)}`.trim();

async function arrive(server: Server, id: string, description: string): Promise<void> {
  const long = image(`analytics/${'deep/'.repeat(10)}airflow`, `2026.12.1-${'build'.repeat(12)}`);
  await recordImage(server, id, { image: long, runtimeVersion: '12.10.0', description });
}
