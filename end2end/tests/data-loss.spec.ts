import { deployAddress, fillIn, goButton, openPlan, signIn, untilShown } from '../support/acting';
import { test } from '../support/acting-test';
import { dagFolder, image } from '../support/installation';
import { expect } from '../support/test';

test('where data is lost for good, the name is asked for, and only there', async ({ page, script, install, consoleGuard }) => {
  const installation = await install({ database: true });
  const { deploy, folder, runs } = installation;
  const [first, second] = [await dagFolder(folder, 'first', { 'a.py': 'A = 1\n' }), await dagFolder(folder, 'second', { 'a.py': 'A = 2\n' })];
  await deploy('--image', image('3.2'), '--airflow', '3.2.0', '--schema-head', 'alembic_version=1d6611b6ab7c', '--dags', first, '-m', 'Airflow 3.2');
  const old = await runs();
  await deploy('--image', image('3.3'), '--airflow', '3.3.2', '--schema-head', 'alembic_version=d2f4e1b3c5a7', '--dags', second, '-m', 'Airflow 3.3');
  const now = await runs();
  await signIn(page, installation);
  const plan = await openPlan(page, script, installation, 1);
  const name = plan.getByLabel(/type the Deployment’s name: analytics-prod/);

  await plan.getByRole('radio', { name: 'DAGs', exact: true }).check();
  await expect(name).toBeHidden();
  await plan.getByRole('radio', { name: 'Image and DAGs', exact: true }).check();
  await expect(name).toBeVisible();
  await expect(plan).toContainText('The metadata database is downgraded from Airflow 3.3.2 to Airflow 3.2.0.');
  await expect(plan.getByText('Data is erased for good.', { exact: true }).filter({ visible: true })).toBeInViewport();

  await fillIn(plan, { scope: 'Image and DAGs', why: 'The new scheduler hangs', hold: false });
  if (script) {
    // The browser asks before anything is sent.
    await goButton(plan).click();
    await expect(name).toBeFocused();
  }
  consoleGuard.allow(/status of 409/);
  await name.fill('analytics-dev');
  await goButton(plan).click();
  await expect(plan.getByRole('alert')).toContainText('Type the Deployment\'s name, analytics-prod, to confirm.');
  await expect(name).toHaveValue('analytics-dev');
  await expect(plan.getByLabel('Why', { exact: true })).toHaveValue('The new scheduler hangs');
  await expect(plan.getByRole('checkbox', { name: 'Hold new deploys' })).not.toBeChecked();
  expect(await runs()).toEqual(now);

  await name.fill('analytics-prod');
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, 3));
  await untilShown(page, script, 'Live');
  expect(await runs()).toEqual(old);
});

test('the command line asks for the name too @script', async ({ install }) => {
  const installation = await install({ database: true });
  const { deploy, cli } = installation;
  const dags = await dagFolder(installation.folder, 'dags', { 'a.py': 'A = 1\n' });
  await deploy('--image', image('3.2'), '--airflow', '3.2.0', '--dags', dags, '-m', 'Airflow 3.2');
  await deploy('--image', image('3.3'), '--airflow', '3.3.2', '-m', 'Airflow 3.3');
  const refused = await cli('rollback', '1', '--scope', 'image', '--yes', '-m', 'The new scheduler hangs');
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('--confirm');
  const done = await cli('rollback', '1', '--scope', 'image', '--yes', '-m', 'The new scheduler hangs', '--confirm', 'analytics-prod');
  expect(done.code, done.stderr).toBe(0);
  expect((await installation.runs()).image).toBe(image('3.2'));
});
