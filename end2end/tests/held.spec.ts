import type { Page } from '@playwright/test';
import { deployAddress, ready, signIn, untilShown } from '../support/acting';
import { test } from '../support/acting-test';
import { expectAccessible } from '../support/axe';
import { dagFolder, image, type Installation } from '../support/installation';
import { expect } from '../support/test';
import { NEW, OLD, twoDeploys } from '../support/two-deploys';

const held = (page: Page, number: number) => page.getByRole('region', { name: new RegExp(`^#${number} `) });

/** #2 is rolled back with #3, and two deploys arrive: #4 with the same DAGs once more, #5 with one file mended. */
async function freeze(installation: Installation) {
  await twoDeploys(installation);
  const rolledBack = await installation.cli('rollback', '1', '--scope', 'dags', '--yes', '-m', 'Revenue counts twice');
  expect(rolledBack.code, rolledBack.stderr).toBe(0);
  const same = await dagFolder(installation.folder, 'same', NEW.dags);
  const again = await installation.cli('deploy', '--dags', same, '-m', 'CI again');
  expect(again.code, again.stderr).toBe(3);
  expect(again.stderr).toContain('held by Administrator: Revenue counts twice');
  const mended = await dagFolder(installation.folder, 'mended', { ...NEW.dags, 'revenue.py': 'RATE = 3\n' });
  expect((await installation.cli('deploy', '--dags', mended, '-m', 'Counts once')).code).toBe(3);
}

test('is the fix in here: held deploys are compared, and one is chosen @phone', async ({ page, script, install }) => {
  const installation = await install();
  await freeze(installation);
  await signIn(page, installation);
  await page.goto(`${installation.server.url}/deployments/${installation.id}`);
  if (script) await ready(page);
  await page.getByRole('link', { name: 'Is the fix in? Compare and choose' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Held deploys of ${installation.name}` })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Rejected' })).toContainText('The DAGs of #2, rolled back with #3 by Administrator');
  if (script) await expectAccessible(page);

  await expect(held(page, 4)).toContainText('No: it brings the DAGs of #2 back as they were when they were rejected.');
  await expect(held(page, 5)).toContainText('Of 3 files that the rollback of #2 changed, 2 are as they were rejected.');
  await held(page, 5).getByText('File by file').click();
  await expect(held(page, 5).locator('.names li').filter({ hasText: 'revenue.py: changed since' })).toBeVisible();
  await expect(held(page, 5).locator('.names li').filter({ hasText: 'stock.py: as rejected' })).toBeVisible();

  // What was rejected is let through only by somebody who says so.
  const allow = held(page, 4).getByRole('checkbox', { name: 'Roll it out although it was rejected.' });
  await expect(allow).toHaveAttribute('required');
  await expect(held(page, 5).getByRole('checkbox')).toHaveCount(0);
  await held(page, 5).getByRole('button', { name: 'Release the hold to #5' }).click();
  await page.waitForURL(deployAddress(installation, 5));
  await untilShown(page, script, 'Live');
  await page.goto(deployAddress(installation, 4));
  await untilShown(page, script, 'Cancelled');
});

test('what was rejected is rolled out again once somebody has said so, and the mark is gone', async ({ page, script, install }) => {
  const installation = await install();
  await freeze(installation);
  const refused = await installation.cli('hold', 'release', '--to', '4');
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('the DAGs of #2, which Administrator rolled back with #3: Revenue counts twice');
  expect((await installation.cli('hold', 'status')).stdout).toContain('Rejected: the DAGs of #2');
  await signIn(page, installation);
  await page.goto(`${installation.server.url}/deployments/${installation.id}/hold`);
  await held(page, 4).getByRole('checkbox', { name: 'Roll it out although it was rejected.' }).check();
  await held(page, 4).getByRole('button', { name: 'Release the hold to #4' }).click();
  await page.waitForURL(deployAddress(installation, 4));
  await untilShown(page, script, 'Live');
  expect((await installation.cli('hold', 'status')).stdout).not.toContain('Rejected');
});

test('CI that brings back what was rejected is asked first @script', async ({ install }) => {
  const installation = await install();
  const { old } = await twoDeploys(installation);
  await installation.cli('rollback', '1', '--yes', '--no-hold', '-m', 'Revenue counts twice');
  const same = await dagFolder(installation.folder, 'same', NEW.dags);
  const both = ['--dags', same, '--image', image('two'), '--airflow', '3.3.2', '-m', 'CI again'];
  const refused = await installation.cli('deploy', ...both);
  expect(refused.code, refused.stderr).toBe(4);
  expect(refused.stderr).toContain('the image of #2');
  expect(refused.stderr).toContain('the DAGs of #2');
  expect(await installation.runs()).toEqual(old);
  // Another one is not asked.
  const other = await dagFolder(installation.folder, 'other', { ...OLD.dags, 'new.py': 'NEW = 1\n' });
  await installation.deploy('--dags', other, '-m', 'Something else');
  await installation.deploy(...both, '--allow-rejected');
});

test('a hold can end by itself', async ({ page, script, install }) => {
  const installation = await install();
  await twoDeploys(installation);
  await signIn(page, installation);
  await page.goto(`${installation.server.url}/deployments/${installation.id}`);
  if (script) await ready(page);
  await page.getByText('Set a hold', { exact: true }).click();
  await page.getByLabel('Why').fill('Quarter end');
  await page.getByLabel('How long').selectOption('4 hours');
  await page.getByRole('button', { name: 'Set the hold' }).click();
  const banner = page.getByRole('region', { name: 'On hold: new deploys are recorded, not rolled out' });
  await expect(banner).toContainText(/until in (4 h|3 h)/);
  expect((await installation.cli('hold', 'status')).stdout).toMatch(/is held by Administrator since .* UTC, until .* UTC: Quarter end/);
});
