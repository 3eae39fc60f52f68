import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deployAddress, fillIn, goButton, historyAddress, historyRow, ready, openPlan, rollout, signIn, untilShown } from '../support/acting';
import { test } from '../support/acting-test';
import { expect } from '../support/test';
import { twoDeploys } from '../support/two-deploys';

test('a file where the DAG bundles belong: it fails, says why, changes nothing, and works when mended', async ({ page, script, install }) => {
  const installation = await install();
  const { old, now } = await twoDeploys(installation);
  const [versions, aside] = [join(installation.dags, 'versions'), join(installation.dags, 'versions.aside')];
  await signIn(page, installation);
  const plan = await openPlan(page, script, installation, 1);
  await fillIn(plan, { scope: 'Image and DAGs', why: 'Revenue is counted twice' });
  await rename(versions, aside);
  await writeFile(versions, 'not a folder\n');
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, 3));
  await untilShown(page, script, 'Failed');
  const why = `${versions} is a plain file, but the folder of the DAG bundles belongs there. Move it away, then deploy again.`;
  await expect(rollout(page).getByText(why).first()).toBeVisible();
  await expect(rollout(page)).toContainText('Nothing was switched: analytics-prod runs what it ran before, #2.');
  const steps = rollout(page).getByRole('listitem');
  await expect(steps.filter({ hasText: 'Stage the DAG files' }).first()).toContainText('Failed');
  await expect(steps.filter({ hasText: 'Switch the image' })).toContainText('Not needed');
  await expect(rollout(page)).toContainText('What ran before still runs: #2 is live.');
  expect((await installation.runs()).image).toBe(now.image);
  await page.goto(historyAddress(installation));
  await expect(historyRow(page, 2)).toContainText('Live');
  await expect(historyRow(page, 3)).toContainText('Failed');

  await rm(versions);
  await rename(aside, versions);
  expect(await installation.runs()).toEqual(now);
  await page.goto(deployAddress(installation, 3));
  if (script) await ready(page);
  await rollout(page).getByRole('link', { name: 'Plan the rollback to #1 again' }).click();
  const again = page.getByRole('main');
  await expect(again.getByRole('heading', { level: 1, name: 'Roll back analytics-prod to #1' })).toBeVisible();
  if (script) await ready(page);
  await fillIn(again, { scope: 'Image and DAGs', why: 'Once more' });
  await goButton(again).click();
  await page.waitForURL(deployAddress(installation, 4));
  await untilShown(page, script, 'Live');
  expect(await installation.runs()).toEqual(old);
});

test('the program of the image target fails: the image and the DAGs stay', async ({ page, script, install }) => {
  const installation = await install();
  const { old, now } = await twoDeploys(installation);
  await signIn(page, installation);
  const plan = await openPlan(page, script, installation, 1);
  await fillIn(plan, { scope: 'Image and DAGs', why: 'Revenue is counted twice' });
  const why = 'The registry does not have the image any more: manifest unknown. Push it again.';
  await installation.program.fail('switch_image', why);
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, 3));
  await untilShown(page, script, 'Failed');
  await expect(rollout(page).getByText(why).first()).toBeVisible();
  await expect(rollout(page)).toContainText('What ran before still runs: #2 is live.');
  expect(await installation.runs()).toEqual(now);

  await installation.program.mend('switch_image');
  const retry = await installation.cli('rollback', '1', '--yes', '-m', 'Once more, the image is there again');
  expect(retry.code, retry.stderr).toBe(0);
  expect(await installation.runs()).toEqual(old);
});

test('what was switched is put back when the end shows that it does not run', async ({ page, script, install }) => {
  const installation = await install();
  const { old, now } = await twoDeploys(installation);
  await signIn(page, installation);
  const plan = await openPlan(page, script, installation, 1);
  await fillIn(plan, { scope: 'Image and DAGs', why: 'Revenue is counted twice' });
  await installation.program.close();
  await installation.program.fail('verify', 'The scheduler does not come up: out of memory.');
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, 3));
  await installation.program.open();
  await untilShown(page, script, 'Failed');
  await expect(rollout(page).getByText('The scheduler does not come up: out of memory.').first()).toBeVisible();
  await expect(rollout(page)).toContainText('analytics-prod was put back and runs what it ran before, #2.');
  const steps = rollout(page).getByRole('listitem');
  await expect(steps.filter({ hasText: 'Switch the image' }).first()).toContainText('Done');
  await expect(steps.filter({ hasText: 'Verify what runs' }).first()).toContainText('Failed');
  await expect(rollout(page)).toContainText('What ran before still runs: #2 is live.');
  expect(await installation.runs()).toEqual(now);
  expect(existsSync(join(installation.dags, 'current'))).toBe(true);

  await installation.program.mend('verify');
  const retry = await installation.cli('rollback', '1', '--yes', '-m', 'Once more, with more memory');
  expect(retry.code, retry.stderr).toBe(0);
  expect(await installation.runs()).toEqual(old);
});
