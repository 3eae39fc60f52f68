import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { image, record, recordImage, told, untilLive } from '../support/deploys';
import { createDeployment, ownImageTarget } from '../support/own_deployment';
import { places } from '../support/places';
import { rest } from '../support/rest';
import { expect, test } from '../support/visit';

const needs = (what: string, permissions: string) =>
  `To roll back the ${what} you need ${permissions}. Ask someone who may, or for the permission.`;
const IMAGES = 'deployment.images.push';
const DAGS = 'deployment.dags.push';

/** Nothing can be rolled back: the page says why and has no button for it. */
async function expectRefused(page: Page, why: string[]): Promise<void> {
  const refused = page.getByRole('region', { name: 'This cannot be done now' });
  await expect(refused.getByRole('listitem')).toHaveText(why);
  await expect(refused).toContainText('Nothing was done and nothing changed.');
  await expect(page.getByRole('button', { name: /^Roll (back|forward)/ })).toHaveCount(0);
  await expect(page.getByRole('radio')).toHaveCount(0);
}

/** One scope is struck out with its reason; another can be had. */
async function expectOff(page: Page, scope: 'Image' | 'DAGs' | 'Image and DAGs', why: string[]): Promise<void> {
  const radio = page.getByRole('radio', { name: scope, exact: true });
  await expect(radio).toBeDisabled();
  await expect(radio).toHaveAccessibleDescription(why.join(' '));
  const box = page.locator('.scope').filter({ has: radio });
  await expect(box.getByRole('listitem')).toHaveText(why);
}

test('a viewer reads why nothing can be rolled back, and hands the link on @phone', async ({ page, visit, be, server, script }) => {
  await be('viewer');
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.rollback(10));
  await expectRefused(page, [needs('image', IMAGES), needs('DAGs', DAGS), needs('image and DAGs', `${IMAGES} and ${DAGS}`)]);
  const handOver = page.locator('.handover');
  await expect(handOver).toContainText('To roll back takes more rights than you have.');
  await expect(handOver.getByRole('link', { name: 'this plan' })).toHaveAttribute('href', analytics.rollback(10));
  await expect(page.getByRole('button', { name: 'Copy the link' })).toHaveCount(script ? 1 : 0);
  await page.getByRole('link', { name: 'Back', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${analytics.history}$`));
});

test('a viewer who sends a rollback all the same changes nothing', async ({ page, visit, be, server, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 409/);
  const analytics = await places(server, 'analytics-prod');
  const before = await told(server, analytics.id);
  const env = join(server.data, 'demo/analytics-prod/.env');
  const image = await readFile(env, 'utf8');
  // Shown to the admin, sent by the viewer: the rights went in between.
  await visit(analytics.rollback(10));
  await page.getByRole('textbox', { name: 'Why' }).fill('I think I may');
  await be('viewer');
  await page.getByRole('button', { name: 'Roll back analytics-prod to #10' }).click();
  await expect(page.getByRole('alert')).toContainText('Something changed since this plan was shown, so nothing was done.');
  await expectRefused(page, [needs('image', IMAGES), needs('DAGs', DAGS), needs('image and DAGs', `${IMAGES} and ${DAGS}`)]);
  expect(await told(server, analytics.id)).toBe(before);
  expect(await readFile(env, 'utf8')).toBe(image);
});

test('who may deploy DAGs only cannot roll the image back', async ({ page, visit, be, server }) => {
  await be('dags');
  await visit((await places(server, 'analytics-prod')).rollback(10));
  await expectOff(page, 'Image', [needs('image', IMAGES)]);
  await expectOff(page, 'Image and DAGs', [needs('image and DAGs', IMAGES)]);
  await expect(page.getByRole('radio', { name: 'DAGs', exact: true })).toBeChecked();
  await expect(page.getByText('To roll back more takes more rights than you have.')).toBeVisible();
});

test('who may deploy images only cannot roll the DAGs back', async ({ page, visit, be, server }) => {
  await be('images');
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.rollback(10));
  await expectOff(page, 'DAGs', [needs('DAGs', DAGS)]);
  await expectOff(page, 'Image and DAGs', [needs('image and DAGs', DAGS)]);
  await expect(page.getByRole('radio', { name: 'Image', exact: true })).toBeChecked();
  // #12 has the image that runs: nothing is left that this person could roll back.
  await visit(analytics.rollback(12));
  await expectRefused(page, [
    'The image of #12 is already what runs. Choose another scope or another deploy.',
    needs('DAGs', DAGS),
    needs('image and DAGs', DAGS),
  ]);
});

test('where the image contains the DAGs, who may deploy DAGs only can do nothing', async ({ page, visit, be, server }) => {
  await be('dags');
  await visit((await places(server, 'billing-prod')).rollback(5));
  const together = 'The image contains the DAGs here: both are rolled back together. Choose the scope image.';
  await expectRefused(page, [needs('image', IMAGES), together, together]);
});

test('outside the window', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).rollback(2));
  const refused = page.getByRole('region', { name: 'This cannot be done now' });
  await expect(refused.getByRole('listitem').first()).toHaveText(
    '#2 is outside the rollback window of 90 days: it was neither created nor live within it. Choose a newer deploy, or deploy this code again.',
  );
  await expect(page.getByRole('button', { name: /^Roll back/ })).toHaveCount(0);
});

test('a deploy that never ran, and the one that runs', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  for (const [number, why] of [
    [11, '#11 never ran: its rollout did not succeed. Choose a deploy that did.'],
    [13, '#13 is live: it is what runs now. Choose an earlier deploy.'],
  ] as const) {
    await visit(analytics.rollback(number));
    await expect(page.getByRole('region', { name: 'This cannot be done now' }).getByRole('listitem').first()).toHaveText(why);
    await expect(page.getByRole('button', { name: /^Roll back/ })).toHaveCount(0);
  }
});

test('off for the Deployment', async ({ page, visit, server }) => {
  await visit((await places(server, 'ml-features')).rollback(2));
  const reasons = page.getByRole('region', { name: 'This cannot be done now' }).getByRole('listitem');
  await expect(reasons.first()).toHaveText('Rollback Deploy is off for ml-features. Switch it on in its Settings.');
  await expect(page.getByRole('button', { name: /^Roll back/ })).toHaveCount(0);
});

test('off for the whole installation', async ({ page, visit, ownServer }) => {
  const server = await ownServer({ config: '[policy]\nrollback_enabled = false\n' });
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.rollback(10)}`);
  await expectRefused(page, [
    'Rollbacks are switched off for this whole installation. Ask its administrator to allow them.',
  ]);
  await visit(`${server.url}${analytics.home}`);
  await expect(page.getByText('Rollbacks are switched off for this installation.')).toBeVisible();
  await expect(page.getByRole('link', { name: /Roll back to/ })).toHaveCount(0);
  await visit(`${server.url}${analytics.settings}`);
  await expect(
    page.getByText('Rollbacks are switched off for this installation, so this switch has no effect until its administrator allows them.'),
  ).toBeVisible();
});

test('a database that the target cannot downgrade: DAGs alone can go back @phone', async ({ page, visit, server }) => {
  const why =
    'The metadata database would have to be downgraded, from Runtime 12.10.0 (Airflow 2.10.5) to Runtime 11.12.0 (Airflow 2.9.3), ' +
    'and the target analytics-prod-image cannot do that; without it the image does not start. ' +
    'Choose a deploy with the Airflow version that runs now, or another scope.';
  await visit((await places(server, 'analytics-prod')).rollback(7));
  await expectOff(page, 'Image', [why]);
  await expectOff(page, 'Image and DAGs', [why]);
  await expect(page.getByRole('radio', { name: 'DAGs', exact: true })).toBeChecked();
  await expect(page.getByRole('button', { name: 'Roll back analytics-prod to #7' })).toBeEnabled();
});

test('database heads that differ, though Airflow is the same', async ({ page, visit, ownServer, folder }) => {
  const server = await ownServer({ config: await ownImageTarget(folder) });
  const id = await createDeployment(server, { name: 'heads', mechanism: 'image' });
  for (const [number, head] of [
    [1, '686269002441'],
    [2, '22ed7efa9da2'],
  ] as const) {
    await recordImage(server, id, { image: image('heads', head), airflowVersion: '2.10.5', schemaHeads: { alembic_version: head } });
    await untilLive(server, id, number);
  }
  const before = await readFile(join(folder, '.env'), 'utf8');
  await visit(`${server.url}${(await places(server, 'heads')).rollback(1)}`);
  const together = 'The image contains the DAGs here: both are rolled back together. Choose the scope image.';
  await expectRefused(page, [
    'The metadata database would have to be downgraded, from Airflow 2.10.5 to Airflow 2.10.5, and the target own-image cannot do that; ' +
      'without it the image does not start. Choose a deploy with the Airflow version that runs now, or another scope.',
    together,
    together,
  ]);
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe(before);
});

test('a step that the target cannot do', async ({ page, visit, ownServer, folder }) => {
  const server = await ownServer({ config: await ownImageTarget(folder) });
  const id = await createDeployment(server, { name: 'moved', mechanism: 'dag_deploy' });
  await recordImage(server, id, { image: image('moved', '1'), airflowVersion: '2.10.5' });
  await untilLive(server, id, 1);
  await record(server, id, { type: 'MECHANISM', mechanism: 'image', description: 'DAGs move into the image' });
  await untilLive(server, id, 2);
  await visit(`${server.url}${(await places(server, 'moved')).rollback(1)}`);
  const whole =
    "#1 ran with the DAG deploy setting dag_deploy, today's is image. That is rolled back whole or not at all: choose image and DAGs.";
  await expectRefused(page, [
    whole,
    whole,
    '#1 ran before the first DAGs were deployed, so it has no DAG bundle to go back to. Choose a later deploy, or another scope.',
    'The target own-image cannot change the DAG deploy setting. Change it by hand and by a deploy, or choose a deploy with image.',
  ]);
});

test('an empty Deployment has nothing to roll back', async ({ page, visit, ownServer, folder, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 409/);
  const server = await ownServer({ config: await ownImageTarget(folder) });
  await createDeployment(server, { name: 'empty', mechanism: 'image' });
  const empty = await places(server, 'empty');
  await visit(`${server.url}${empty.home}/rollback`);
  await expect(page.getByText('empty runs nothing yet, so there is nothing to roll back. Deploy first.')).toBeVisible();
  expect((await rest(server, 'GET', `deployments/${empty.id}/deploys`)).deploys).toEqual([]);
});
