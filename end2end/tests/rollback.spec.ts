import {
  deployAddress, fillIn, goButton, historyAddress, historyRow, ready, openPlan, openPlanPage, rollBack, rollout, signIn, untilShown,
} from '../support/acting';
import { test } from '../support/acting-test';
import { image } from '../support/installation';
import { expect } from '../support/test';
import { twoDeploys } from '../support/two-deploys';

test('the progress fills in by itself, and its link survives a reload @script', async ({ page, install }) => {
  const installation = await install();
  const { old, now } = await twoDeploys(installation);
  await signIn(page, installation);
  const plan = await openPlan(page, true, installation, 1);
  await fillIn(plan, { scope: 'Image and DAGs', why: 'Revenue is counted twice, INC-2214' });
  await installation.program.close();
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, 3));

  const steps = rollout(page).getByRole('listitem');
  await expect(rollout(page)).toContainText('Waiting for the maintenance window');
  await expect(rollout(page).locator('.rollout__state')).toHaveText('Deploying');
  await expect(steps.filter({ hasText: 'Stage the DAG files' })).toContainText('Done');
  await expect(steps.filter({ hasText: 'Switch the image' })).toContainText('Running');
  await expect(steps.filter({ hasText: 'Switch the DAG files' })).toContainText('Waiting');
  await expect(rollout(page).getByRole('progressbar', { name: 'Steps done' })).toHaveAttribute('value', '1');
  await expect(rollout(page).getByRole('link', { name: 'Refresh' })).toBeHidden();
  expect(await installation.runs(), 'nothing was switched yet').toEqual(now);

  await page.reload();
  await ready(page);
  await expect(rollout(page)).toContainText('Waiting for the maintenance window');
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await installation.program.open();
  await expect(rollout(page).locator('.rollout__state')).toHaveText('Live');
  for (const step of ['Stage the DAG files', 'Switch the image', 'Switch the DAG files', 'Verify what runs']) {
    await expect(steps.filter({ hasText: step })).toContainText('Done');
  }
  await expect(rollout(page).getByRole('progressbar')).toHaveCount(0);
  expect(await page.evaluate(() => 'sameDocument' in window), 'no page was loaded for it').toBe(true);
  expect(await installation.runs()).toEqual(old);
});

test('without script the progress is a page to refresh @no-js', async ({ page, install }) => {
  const installation = await install();
  const { old } = await twoDeploys(installation);
  await signIn(page, installation);
  const plan = await openPlan(page, false, installation, 1);
  await fillIn(plan, { scope: 'Image and DAGs', why: 'Revenue is counted twice, INC-2214' });
  await installation.program.close();
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, 3));
  const refresh = rollout(page).getByRole('link', { name: 'Refresh' });
  await expect(async () => {
    await refresh.click();
    await expect(rollout(page)).toContainText('Waiting for the maintenance window', { timeout: 250 });
  }).toPass();
  await expect(rollout(page).locator('.rollout__state')).toHaveText('Deploying');
  expect(page.url()).toBe(deployAddress(installation, 3));
  await installation.program.open();
  await untilShown(page, false, 'Live');
  await expect(refresh).toBeHidden();
  expect(await installation.runs()).toEqual(old);
});

test('why is asked: blanks and 501 characters are refused, 500 are taken', async ({ page, script, install, consoleGuard }) => {
  const installation = await install();
  await twoDeploys(installation);
  await signIn(page, installation);
  const plan = await openPlanPage(page, script, installation, 1);
  const why = plan.getByLabel('Why', { exact: true });
  const numbers = async () => (await installation.cliJson('history')).deploys.map((deploy: { number: number }) => deploy.number);

  // The browser itself asks for the field.
  await goButton(plan).click();
  expect(await why.evaluate((field: HTMLTextAreaElement) => field.validity.valueMissing)).toBe(true);
  await expect(page).toHaveURL(/\/rollback\?to=1$/);

  consoleGuard.allow(/status of 422/);
  await fillIn(plan, { scope: 'DAGs', why: '   ', reject: false });
  await goButton(plan).click();
  await expect(plan.getByRole('alert')).toContainText('Say why you roll back');
  await expect(plan.getByRole('radio', { name: 'DAGs', exact: true })).toBeChecked();
  await expect(plan.getByRole('checkbox', { name: 'Mark #2 as rejected' })).not.toBeChecked();
  await expect(plan.getByRole('checkbox', { name: 'Hold new deploys' })).toBeChecked();

  // The field takes no more than 500; whoever goes round that is told.
  await why.fill('é'.repeat(501));
  await expect(why).toHaveValue('é'.repeat(500));
  await why.evaluate((field) => field.removeAttribute('maxlength'));
  await why.fill('é'.repeat(501));
  await goButton(plan).click();
  await expect(plan.getByRole('alert')).toContainText('has 501 characters; shorten it to 500');
  await expect(why).toHaveValue('é'.repeat(501));
  expect(await numbers()).toEqual([2, 1]);

  await why.fill(`Why: <b>"quotes"</b> & 'more'\n${'é'.repeat(470)}`);
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, 3));
  await untilShown(page, script, 'Live');
  expect(await numbers()).toEqual([3, 2, 1]);
  const [{ description }] = (await installation.cliJson('history')).deploys;
  expect(description).toBe(`Why: <b>"quotes"</b> & 'more'\n${'é'.repeat(470)}`);
});

test('undoing a rollback rolls forward, and clears the mark', async ({ page, script, install }) => {
  const installation = await install();
  const { old, now } = await twoDeploys(installation);
  await signIn(page, installation);
  await rollBack(page, script, installation, 1, 3, { scope: 'Image and DAGs', why: 'Revenue is counted twice' });
  expect(await installation.runs()).toEqual(old);
  await page.goto(historyAddress(installation));
  await expect(historyRow(page, 2)).toContainText('Rejected');

  await page.goto(deployAddress(installation, 3));
  const next = page.getByRole('region', { name: 'Rolled back. What to do next' });
  await expect(next).toContainText('Revert in git what #2 brought');
  await next.getByRole('link', { name: 'Undo this rollback' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Roll forward analytics-prod to #2' })).toBeVisible();
  if (script) await ready(page);
  const plan = page.getByRole('main');
  await expect(plan).toContainText('Administrator rejected the image of #2 and rolled it back with #3: Revenue is counted twice');
  await fillIn(plan, { why: 'It was the upstream feed' });
  await plan.getByRole('button', { name: 'Roll forward analytics-prod to #2' }).click();
  await page.waitForURL(deployAddress(installation, 4));
  await untilShown(page, script, 'Live');
  expect(await installation.runs()).toEqual(now);
  await page.goto(historyAddress(installation));
  await expect(historyRow(page, 2)).not.toContainText('Rejected');
  await expect(historyRow(page, 4)).toContainText('Rollback (image and DAGs) of #3 to #2');
});

test('the hold of a rollback keeps the next deploy back until it is released', async ({ page, script, install }) => {
  const installation = await install();
  const { old } = await twoDeploys(installation);
  await signIn(page, installation);
  await rollBack(page, script, installation, 1, 3, { scope: 'Image and DAGs', why: 'Revenue is counted twice' });
  const other = image('three');
  const held = await installation.cli('deploy', '--image', other, '--airflow', '3.3.2', '-m', 'The next run of CI');
  expect(held.code, held.stderr).toBe(3);
  expect(await installation.runs()).toEqual(old);

  await page.goto(deployAddress(installation, 3));
  const next = page.getByRole('region', { name: 'Rolled back. What to do next' });
  await expect(next).toContainText('This rollback set a hold: 1 deploy is held.');
  await next.getByRole('link', { name: 'Release the hold' }).click();
  if (script) await ready(page);
  await page.getByRole('button', { name: 'Release to the newest held deploy' }).click();
  await expect(page.getByText('On hold: new deploys are recorded')).toHaveCount(0);
  await page.goto(deployAddress(installation, 4));
  if (script) await ready(page);
  await untilShown(page, script, 'Live');
  expect(await installation.runs()).toEqual({ ...old, image: other });
});

test('without a hold and a mark the rollback leaves neither', async ({ page, script, install }) => {
  const installation = await install();
  await twoDeploys(installation);
  await signIn(page, installation);
  await rollBack(page, script, installation, 1, 3, { scope: 'DAGs', why: 'Only to look', hold: false, reject: false });
  await page.goto(historyAddress(installation));
  await expect(historyRow(page, 3)).toContainText('Live');
  await expect(historyRow(page, 2)).not.toContainText('Rejected');
  await expect(page.getByText('On hold: new deploys are recorded')).toHaveCount(0);
});

test('the summary is copied whole @script', async ({ page, context, install }) => {
  const installation = await install();
  await twoDeploys(installation);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page, installation);
  await rollBack(page, true, installation, 1, 3, { scope: 'DAGs', why: 'Revenue is counted twice' });
  await rollout(page).getByRole('button', { name: 'Copy the summary' }).click();
  await expect(rollout(page).getByText('Copied.')).toBeVisible();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
  expect(lines[0]).toBe('analytics-prod: rollback #3 of #2 to #1 (DAGs) succeeded.');
  expect(lines).toContain('Why: Revenue is counted twice');
  expect(lines.find((line) => line.startsWith('By Administrator, '))).toMatch(/\d{4}.* UTC$/);
  expect(lines).toContain('- Switch the DAG files: succeeded');
  expect(lines).toContain('A hold is set; 0 held.');
  expect(lines.at(-1)).toBe(deployAddress(installation, 3));
});

test('the keyboard: Enter never rolls back, Esc leaves, Ctrl+Enter does what the button says @script', async ({ page, install }) => {
  const installation = await install();
  const { now } = await twoDeploys(installation);
  await signIn(page, installation);
  let plan = await openPlan(page, true, installation, 1);
  await expect(plan.getByRole('heading', { level: 1 })).toBeFocused();
  const why = plan.getByLabel('Why', { exact: true });
  await why.fill('Typed, and thought better of it');
  await plan.getByRole('radio', { name: 'DAGs', exact: true }).focus();
  await page.keyboard.press('Enter');
  await plan.getByRole('checkbox', { name: 'Hold new deploys' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(historyRow(page, 1).getByRole('link', { name: 'Deploy (roll back to #1)' })).toBeFocused();

  await page.keyboard.press('Enter');
  plan = page.getByRole('dialog');
  // Nothing is filled in, so the browser asks.
  await plan.getByLabel('Why', { exact: true }).focus();
  await page.keyboard.press('Control+Enter');
  await expect(plan.getByLabel('Why', { exact: true })).toBeFocused();
  expect(await installation.runs()).toEqual(now);
  expect((await installation.cliJson('history')).deploys).toHaveLength(2);
  await page.keyboard.type('Revenue is counted twice');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(deployAddress(installation, 3));
  await untilShown(page, true, 'Live');
});
