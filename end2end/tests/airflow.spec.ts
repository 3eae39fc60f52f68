import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyAddress, historyRow, openPlan, rollBack, signIn } from '../support/acting';
import { test as base } from '../support/acting-test';
import { airflowTrees, type AirflowTrees } from '../support/airflow';
import { image } from '../support/installation';
import { expect } from '../support/test';
import { files, treeDigest } from '../support/tree';

// The migration heads that the images expect, from `_REVISION_HEADS_MAP` in airflow/utils/db.py of the wheels.
const HEAD_OF_3_3 = 'alembic_version=d2f4e1b3c5a7';
const HEAD_OF_2_11 = 'alembic_version=5f2621c13b39';

type Trees = { airflow3: AirflowTrees; airflow2: AirflowTrees; treesFolder: string };

/** Airflow's own files from PyPI, downloaded once a worker. */
const test = base.extend<{}, Trees>({
  treesFolder: [
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'backstep-airflow-'));
      await use(folder);
      await rm(folder, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
  airflow3: [
    async ({ treesFolder }, use) => use(await airflowTrees('apache-airflow-core', '3.3.2', treesFolder)),
    { scope: 'worker', timeout: 120_000 },
  ],
  airflow2: [
    async ({ treesFolder }, use) => use(await airflowTrees('apache-airflow', '2.11.2', treesFolder)),
    { scope: 'worker', timeout: 120_000 },
  ],
});

const count = async (root: string): Promise<number> => (await files(root)).size;

test('image, DAGs and both of a whole Airflow are rolled back, and nothing else moves', async ({ page, script, install, airflow3 }) => {
  test.slow();
  expect(await count(airflow3.examples)).toBeGreaterThanOrEqual(50);
  expect(await count(airflow3.whole)).toBeGreaterThan(700);
  const trees = {
    examples: await treeDigest(airflow3.examples),
    changed: await treeDigest(airflow3.changed),
    shrunken: await treeDigest(airflow3.shrunken),
    whole: await treeDigest(airflow3.whole),
  };
  expect(new Set(Object.values(trees)).size, 'the forms differ').toBe(4);

  const installation = await install();
  const { deploy, runs, dags } = installation;
  const [older, newer] = [image('3.3.1'), image('3.3.2')];
  const { others } = await runs();
  // A patch release of Airflow brings no migration: both images expect the same head.
  await deploy('--image', older, '--airflow', '3.3.1', '--schema-head', HEAD_OF_3_3, '--dags', airflow3.examples, '-m', 'Example DAGs');
  expect(await runs()).toEqual({ tree: trees.examples, image: older, others });
  await deploy('--dags', airflow3.changed, '-m', 'Ten files changed, one added');
  expect(await runs()).toEqual({ tree: trees.changed, image: older, others });
  await deploy('--image', newer, '--airflow', '3.3.2', '--schema-head', HEAD_OF_3_3, '--dags', airflow3.shrunken, '-m', 'Thirty files fewer');
  expect(await runs()).toEqual({ tree: trees.shrunken, image: newer, others });
  await deploy('--dags', airflow3.whole, '-m', 'All of Airflow');
  expect(await runs()).toEqual({ tree: trees.whole, image: newer, others });
  expect(await count(join(dags, 'current'))).toBeGreaterThan(700);

  await signIn(page, installation);
  await rollBack(page, script, installation, 1, 5, { scope: 'Image', why: 'The new image leaks memory' });
  expect(await runs()).toEqual({ tree: trees.whole, image: older, others });
  await rollBack(page, script, installation, 2, 6, { scope: 'DAGs', why: 'All of Airflow is too much' });
  expect(await runs()).toEqual({ tree: trees.changed, image: older, others });
  await rollBack(page, script, installation, 3, 7, { scope: 'Image and DAGs', why: 'The leak was elsewhere' });
  expect(await runs()).toEqual({ tree: trees.shrunken, image: newer, others });
  await rollBack(page, script, installation, 4, 8, { scope: 'DAGs', why: 'All of Airflow after all' });
  expect(await runs()).toEqual({ tree: trees.whole, image: newer, others });
  await rollBack(page, script, installation, 1, 9, { scope: 'Image and DAGs', why: 'Back to where it began' });
  expect(await runs()).toEqual({ tree: trees.examples, image: older, others });
  expect(await count(join(dags, 'current'))).toBe(await count(airflow3.examples));

  await page.goto(historyAddress(installation));
  const causes = {
    5: 'Rollback (image) of #4 to #1',
    6: 'Rollback (DAGs) of #5 to #2',
    7: 'Rollback (image and DAGs) of #6 to #3',
    8: 'Rollback (DAGs) of #7 to #4',
    9: 'Rollback (image and DAGs) of #8 to #1',
  };
  for (const [number, cause] of Object.entries(causes)) await expect(historyRow(page, Number(number))).toContainText(cause);
  await expect(historyRow(page, 9)).toContainText('Live');
  await expect(historyRow(page, 4)).toContainText('Superseded');
});

test('between Airflow 2 and 3 the DAGs go back, and the image only where the database could follow', async ({
  page,
  script,
  install,
  airflow2,
  airflow3,
}) => {
  test.slow();
  expect(await count(airflow2.examples)).toBeGreaterThanOrEqual(50);
  expect(await count(airflow2.whole)).toBeGreaterThan(700);
  const installation = await install({ airflow: '2.11.2' });
  const { deploy, runs, dags } = installation;
  const [two, three] = [image('2.11.2'), image('3.3.2')];
  const { others } = await runs();
  await deploy('--image', two, '--airflow', '2.11.2', '--schema-head', HEAD_OF_2_11, '--dags', airflow2.whole, '-m', 'Airflow 2');
  await deploy('--image', three, '--airflow', '3.3.2', '--schema-head', HEAD_OF_3_3, '--dags', airflow3.examples, '-m', 'Airflow 3');
  expect(await runs()).toEqual({ tree: await treeDigest(airflow3.examples), image: three, others });

  await signIn(page, installation);
  const plan = await openPlan(page, script, installation, 1);
  for (const scope of ['Image', 'Image and DAGs']) {
    const choice = plan.getByRole('radio', { name: scope, exact: true });
    await expect(choice).toBeDisabled();
    await expect(choice).toHaveAccessibleDescription(
      /metadata database would have to be downgraded, from Airflow 3\.3\.2 to Airflow 2\.11\.2, and the target image cannot do that/,
    );
  }
  await expect(plan.getByRole('radio', { name: 'DAGs', exact: true })).toBeChecked();
  await expect(plan.getByText('The DAGs ran on Airflow 2 and would run on an image with Airflow 3.')).toBeVisible();

  await rollBack(page, script, installation, 1, 3, { scope: 'DAGs', why: 'The new DAGs are not ready' });
  expect(await runs()).toEqual({ tree: await treeDigest(airflow2.whole), image: three, others });
  expect(await count(join(dags, 'current'))).toBeGreaterThan(700);
  await page.goto(historyAddress(installation));
  await expect(historyRow(page, 3)).toContainText('Rollback (DAGs) of #2 to #1');
});
