import { deployAddress, fillIn, goButton, openPlan, openPlanPage, signIn, untilShown } from '../support/acting';
import { test } from '../support/acting-test';
import { dagFolder, type Installation } from '../support/installation';
import { expect } from '../support/test';
import { twoDeploys } from '../support/two-deploys';

const WHY = 'Revenue is counted twice,\nsince the currency conversion <#482>';

const opened = {
  'in the dialog @script': openPlan,
  'on the page': openPlanPage,
};

const rollbacks = async (installation: Installation) => (await installation.cliJson('history', '--rollbacks')).deploys;

for (const [where, open] of Object.entries(opened)) {
  test(`somebody deploys meanwhile: the new plan, what was typed, and nothing done, ${where}`, async ({ page, script, install, consoleGuard }) => {
    const installation = await install();
    await twoDeploys(installation);
    await signIn(page, installation);
    const plan = await open(page, script, installation, 1);
    await fillIn(plan, { scope: 'DAGs', why: WHY, hold: false, reject: true });
    await expect(plan.getByRole('checkbox', { name: 'Mark #2 as rejected' })).toBeChecked();

    const third = await dagFolder(installation.folder, 'third', { 'revenue.py': 'RATE = 3\n' });
    await installation.deploy('--dags', third, '-m', 'A hot fix of somebody else');
    const meanwhile = await installation.runs();
    consoleGuard.allow(/status of 409/);
    await goButton(plan).click();

    const trouble = plan.getByRole('alert');
    await expect(trouble).toContainText('othing was done');
    await expect(trouble).toContainText(script ? 'Administrator deployed meanwhile: #3 is live now, “A hot fix of somebody else”' : 'Something changed');
    await expect(trouble).toBeInViewport();
    await expect(plan.getByText('From #3 live now')).toBeVisible();
    await expect(plan).toContainText('A hot fix of somebody else');
    await expect(plan.getByRole('radio', { name: 'DAGs', exact: true })).toBeChecked();
    await expect(plan.getByLabel('Why', { exact: true })).toHaveValue(WHY);
    await expect(plan.getByRole('checkbox', { name: 'Hold new deploys' })).not.toBeChecked();
    await expect(plan.getByRole('checkbox', { name: 'Mark #3 as rejected' })).toBeChecked();
    await expect(plan.getByRole('heading', { name: '2 deploys are undone' })).toHaveCount(1);
    expect(await rollbacks(installation)).toEqual([]);
    expect(await installation.runs()).toEqual(meanwhile);

    // Read, and confirmed again: it is the new plan that is carried out.
    await goButton(plan).click();
    await page.waitForURL(deployAddress(installation, 4));
    await untilShown(page, script, 'Live');
    const [rollback] = await rollbacks(installation);
    expect(rollback).toMatchObject({ number: 4, rollbackOf: 3, rollbackTo: 1, scope: 'dags', description: WHY });
  });

  test(`a rollback during a rollback leads to the first one, ${where}`, async ({ page, script, install, consoleGuard }) => {
    const installation = await install();
    const { old } = await twoDeploys(installation);
    await signIn(page, installation);
    const plan = await open(page, script, installation, 1);
    await fillIn(plan, { scope: 'DAGs', why: WHY });

    await installation.program.close();
    const first = await installation.cli('rollback', '1', '--yes', '--no-wait', '-m', 'Quicker on the command line');
    expect(first.code, first.stderr).toBe(0);
    consoleGuard.allow(/status of 409/);
    await goButton(plan).click();
    await expect(plan.getByRole('alert')).toContainText('#3 is rolling back already: Quicker on the command line by Administrator');
    const follow = plan.getByRole('link', { name: 'Follow rollback #3' });
    await expect(follow).toHaveAttribute('href', new RegExp(`/deployments/${installation.id}/deploys/3$`));
    expect(await rollbacks(installation)).toHaveLength(1);

    if (script) await expect(plan.getByLabel('Why', { exact: true })).toHaveValue(WHY);
    await installation.program.open();
    await follow.click();
    await untilShown(page, script, 'Live');
    expect(await installation.runs()).toEqual(old);
  });
}

test('a plan that moved on without the person is not confirmed on the command line either @script', async ({ install }) => {
  const installation = await install();
  await twoDeploys(installation);
  const { plan } = await installation.cliJson('plan', '1');
  const third = await dagFolder(installation.folder, 'third', { 'revenue.py': 'RATE = 3\n' });
  await installation.deploy('--dags', third, '-m', 'A hot fix');
  const { url, adminToken } = installation.server;
  const answer = await fetch(`${url}/api/v1/deployments/${installation.id}/deploys/1/rollback`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ description: 'By a script', scope: 'dags', fingerprint: plan.fingerprint }),
  });
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ code: 'plan_moved', plan: { from: { number: 3 } } });
});
