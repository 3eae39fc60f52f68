import { deployAddress, fillIn, goButton, openPlan, rollout, signIn, untilShown } from '../support/acting';
import { test } from '../support/acting-test';
import { expectAccessible } from '../support/axe';
import { dagFolder, image } from '../support/installation';
import { expect } from '../support/test';
import { twoDeploys } from '../support/two-deploys';

// axe is a script.
test.describe('axe finds nothing, light and dark @script', () => {
  test.slow();

  test('in the dialog: as it opens, with files open, in a conflict, and refused', async ({ page, install, consoleGuard }) => {
    const installation = await install();
    await twoDeploys(installation);
    await signIn(page, installation);
    const plan = await openPlan(page, true, installation, 1);
    await expectAccessible(page);
    await plan.locator('.file summary').first().click();
    await expect(plan.getByRole('region', { name: /^Lines of / })).toBeVisible();
    await fillIn(plan, { scope: 'DAGs', why: 'Revenue is counted twice' });
    await expectAccessible(page);

    await installation.deploy('--dags', await dagFolder(installation.folder, 'third', { 'a.py': '' }), '-m', 'Meanwhile');
    consoleGuard.allow(/status of 409/);
    await goButton(plan).click();
    await expect(plan.getByRole('alert')).toBeVisible();
    await expectAccessible(page);

    // A rollback that runs already: its winner is named, and the plan opened anew is refused.
    await installation.program.close();
    expect((await installation.cli('rollback', '1', '--yes', '--no-wait', '-m', 'Quicker')).code).toBe(0);
    await goButton(plan).click();
    await expect(plan.getByRole('link', { name: 'Follow rollback #4' })).toBeVisible();
    await expectAccessible(page);
    const refused = await openPlan(page, true, installation, 1);
    await expect(refused.getByRole('heading', { name: 'This cannot be done now' })).toBeVisible();
    await expectAccessible(page);
  });

  test('where the name has to be typed', async ({ page, install }) => {
    const installation = await install({ database: true });
    const { deploy, folder } = installation;
    await deploy('--image', image('3.2'), '--airflow', '3.2.0', '--dags', await dagFolder(folder, 'a', { 'a.py': '' }), '-m', 'Airflow 3.2');
    await deploy('--image', image('3.3'), '--airflow', '3.3.2', '--dags', await dagFolder(folder, 'b', { 'b.py': '' }), '-m', 'Airflow 3.3');
    await signIn(page, installation);
    const plan = await openPlan(page, true, installation, 1);
    await fillIn(plan, { scope: 'Image and DAGs', why: 'The scheduler hangs' });
    await expect(plan.getByLabel(/type the Deployment’s name/)).toBeVisible();
    await expectAccessible(page);
    await goButton(plan).click();
    await expect(plan.getByLabel(/type the Deployment’s name/)).toBeFocused();
    await expectAccessible(page);
  });

  test('in the progress: while it runs, when it succeeded, and when it failed', async ({ page, install }) => {
    const installation = await install();
    await twoDeploys(installation);
    await signIn(page, installation);
    const plan = await openPlan(page, true, installation, 1);
    await fillIn(plan, { scope: 'Image and DAGs', why: 'Revenue is counted twice' });
    await installation.program.close();
    await goButton(plan).click();
    await page.waitForURL(deployAddress(installation, 3));
    await expect(rollout(page)).toContainText('Waiting for the maintenance window');
    await expectAccessible(page);
    await installation.program.open();
    await untilShown(page, true, 'Live');
    await expectAccessible(page);

    await installation.program.fail('switch_image', 'The registry does not have the image any more.');
    expect((await installation.cli('rollback', '2', '--yes', '-m', 'Forward again')).code).toBe(1);
    await page.goto(deployAddress(installation, 4));
    await untilShown(page, true, 'Failed');
    await expectAccessible(page);
  });
});
