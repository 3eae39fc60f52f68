import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillIn, goButton, untilShown } from '../support/acting';
import { places } from '../support/places';
import { treeDigest } from '../support/tree';
import { expect, test, type Person, type Server } from '../support/visit';

/** What really runs in the demo's Deployment that is on disk. */
async function runs(server: Server) {
  const folder = join(server.data, 'demo/analytics-prod');
  return { dags: await treeDigest(join(folder, 'dags/current')), env: await readFile(join(folder, '.env'), 'utf8') };
}

type Case = { person: Person; scope: 'Image' | 'DAGs' | 'Image and DAGs'; off: string[]; missing: string[] };

const CASES: Case[] = [
  { person: 'images', scope: 'Image', off: ['DAGs', 'Image and DAGs'], missing: ['deployment.dags.push'] },
  { person: 'dags', scope: 'DAGs', off: ['Image', 'Image and DAGs'], missing: ['deployment.images.push'] },
  { person: 'editor', scope: 'Image and DAGs', off: [], missing: [] },
  { person: 'admin', scope: 'Image and DAGs', off: [], missing: [] },
];

for (const { person, scope, off, missing } of CASES) {
  test(`${person}: rolls back ${scope}, and sees why not the rest`, async ({ page, visit, be, ownServer, script }) => {
    const server = await ownServer();
    const analytics = await places(server, 'analytics-prod');
    const before = await runs(server);
    await be(person, server);
    await visit(`${server.url}${analytics.rollback(10)}`);
    const plan = page.getByRole('main');
    for (const other of off) await expect(plan.getByRole('radio', { name: other, exact: true })).toBeDisabled();
    for (const permission of missing) await expect(plan.getByText(permission).first()).toBeVisible();
    await fillIn(plan, { scope, why: `What ${person} may do` });
    await goButton(plan).click();
    await page.waitForURL(`${server.url}${analytics.deploy(14)}`);
    await untilShown(page, script, 'Live');
    const after = await runs(server);
    expect(after.env !== before.env, 'the image was rolled back').toBe(scope !== 'DAGs');
    expect(after.dags !== before.dags, 'the DAGs were rolled back').toBe(scope !== 'Image');
  });
}
