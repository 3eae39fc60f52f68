import type { Page } from '@playwright/test';
import { deployAddress, ready, rollout, signIn, untilShown } from '../support/acting';
import { test } from '../support/acting-test';
import { image, type Installation } from '../support/installation';
import { expect } from '../support/test';
import { twoDeploys } from '../support/two-deploys';

const link = (page: Page, number: number) => rollout(page).getByRole('link', { name: `Cancel #${number}…` });
const question = (page: Page, number: number) => page.getByRole('heading', { level: 1, name: `Cancel #${number} of analytics-prod` });
const button = (page: Page, number: number) => page.getByRole('button', { name: `Cancel #${number} of analytics-prod` });
const arrives = (installation: Installation, name: string) =>
  installation.cli('deploy', '--image', image(name), '--airflow', '3.3.2', '--no-wait', '-m', name);

async function look(page: Page, installation: Installation, number: number, script: boolean) {
  await page.goto(deployAddress(installation, number));
  if (script) await ready(page);
}

test('a deploy that waits is cancelled with a reason, and what runs stays @phone', async ({ page, script, install }) => {
  const installation = await install();
  await twoDeploys(installation);
  await signIn(page, installation);
  await installation.program.close();
  await arrives(installation, 'third');
  await look(page, installation, 3, script);
  await expect(rollout(page).getByText('Switch the image')).toBeVisible({ timeout: 15_000 });
  await expect(async () => {
    if (!script) await page.reload();
    // What runs is being switched.
    await expect(rollout(page).getByText('Running')).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(rollout(page).getByText('Point of no return')).toBeVisible();
  await expect(link(page, 3)).toHaveCount(0);

  await arrives(installation, 'fourth');
  await look(page, installation, 4, script);
  await link(page, 4).click();
  await expect(question(page, 4)).toBeVisible();
  await expect(page.getByText('It waits for its turn, and will not be rolled out. What runs now, #2, stays.')).toBeVisible();
  await page.getByLabel('Why (optional)').fill('Wrong branch <b>');
  await button(page, 4).click();
  await page.waitForURL(deployAddress(installation, 4));
  await expect(rollout(page).locator('.rollout__state')).toHaveText('Cancelled');
  await expect(rollout(page).getByText('Cancelled by Administrator: Wrong branch <b>')).toBeVisible();

  // The running one is past its point; the page says so, and what to do.
  await page.goto(`${deployAddress(installation, 3)}/cancel`);
  await expect(page.getByText('It is past its point of no return')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Plan a rollback to #2' })).toBeVisible();
  await expect(button(page, 3)).toHaveCount(0);
  const refused = await installation.cli('cancel', '3');
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('past its point of no return');

  await installation.program.open();
  await look(page, installation, 3, script);
  await untilShown(page, script, 'Live');
});

test('a held deploy is cancelled on the command line; twice is once @script', async ({ install }) => {
  const installation = await install();
  const { now } = await twoDeploys(installation);
  await installation.cli('hold', 'set', '-m', 'Freeze');
  await arrives(installation, 'held');
  for (const why of ['Not this one', 'Really']) {
    const cancelled = await installation.cli('cancel', '3', '-m', why);
    expect(cancelled.code, cancelled.stderr).toBe(0);
    expect(cancelled.stderr).toContain('#3 was cancelled. cancelled by Administrator: Not this one');
  }
  const ended = await installation.cli('cancel', '2');
  expect(ended.code).toBe(4);
  expect(ended.stderr).toContain('#2 has ended (Live), so there is nothing to cancel.');
  expect(await installation.runs()).toEqual(now);
});

test('whoever comes too late is told so', async ({ page, install, consoleGuard }) => {
  const installation = await install();
  await twoDeploys(installation);
  await signIn(page, installation);
  await installation.cli('hold', 'set', '-m', 'Freeze');
  await arrives(installation, 'held');
  await page.goto(`${deployAddress(installation, 3)}/cancel`);
  await page.getByLabel('Why (optional)').fill('Too late');
  await installation.cli('hold', 'release', '--to', 'newest');
  consoleGuard.allow(/status of 409/);
  await button(page, 3).click();
  await expect(page.getByRole('alert')).toContainText('Nothing was cancelled. #3 has ended (Live)');
  await expect(page.getByText('It was rolled out; there is nothing to cancel.')).toBeVisible();
});
