import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { places } from '../support/places';
import { rest } from '../support/rest';
import { expect, test } from '../support/visit';

const given = (page: Page) => page.getByRole('region', { name: 'Who has which role' }).locator('tbody tr');
const explained = (page: Page) => page.getByRole('region', { name: 'What may somebody do here, and through what?' });

async function explain(page: Page, person: string): Promise<void> {
  await page.getByLabel('Account', { exact: true }).selectOption({ label: person });
  await explained(page).getByRole('button', { name: 'Show' }).click();
}

test('a team gets a role on a Deployment; the explanation names the role and the team @phone', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}/access/teams`);
  await expect(page.getByRole('heading', { name: 'No teams yet' })).toBeVisible();
  await page.getByLabel('Name').fill('On call <b>');
  await page.getByRole('button', { name: 'Create the team' }).click();
  const team = page.getByRole('region', { name: 'On call <b>' });
  await expect(team).toContainText('Nobody is in this team.');
  await team.getByLabel('Put into On call <b>').selectOption({ label: 'Vera (viewer) (vera@demo)' });
  await team.getByRole('button', { name: 'Put in' }).click();
  await expect(team.getByRole('listitem')).toContainText('Vera (viewer)');
  await expect(team.getByLabel('Put into On call <b>').getByRole('option', { name: /Vera/ })).toHaveCount(0);

  const address = `${server.url}/deployments/${analytics.id}/access`;
  await visit(`${server.url}${analytics.home}`);
  await page.getByRole('link', { name: 'Access', exact: true }).last().click();
  await expect(page).toHaveURL(address);
  await expect(page).toHaveTitle('Access to analytics-prod · Backstep');
  // What Vera may without the team.
  await explain(page, 'Vera (viewer)');
  await expect(page).toHaveURL(/\?account=demo%3Aviewer/);
  const reads = explained(page).locator('tbody tr').filter({ hasText: 'deployment.deployRevisions.get' });
  await expect(reads.getByRole('listitem')).toHaveText(['Viewer of all Deployments DEMO_VIEWER on Workspace Data Platform']);
  await expect(explained(page).locator('tbody tr').filter({ hasText: 'deployment.images.push' })).toHaveCount(0);
  await explained(page).getByText('What Vera (viewer) may not do here').click();
  await expect(explained(page).locator('details')).toContainText('deployment.images.push Record an image deploy; roll back the image.');

  await page.getByLabel('To whom').selectOption({ label: 'On call <b>' });
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Deployment Editor (DEPLOYMENT_EDITOR)' });
  await page.getByRole('button', { name: 'Give the role' }).click();
  const row = given(page).filter({ hasText: 'On call <b>' });
  await expect(row).toContainText('Team');
  await expect(row).toContainText('DEPLOYMENT_EDITOR');
  await expect(row).toContainText('here');
  await visit(`${address}?account=demo%3Aviewer`);
  const pushes = explained(page).locator('tbody tr').filter({ hasText: 'deployment.images.push' });
  await expect(pushes).toContainText('Record an image deploy; roll back the image.');
  await expect(pushes.getByRole('listitem')).toHaveText([
    'Deployment Editor DEPLOYMENT_EDITOR on analytics-prod, through the team On call <b>',
  ]);
  // It is as the page says: Vera's own rights come through the team.
  const rights = async () => (await rest(server, 'GET', `deployments/${analytics.id}`, undefined, 'demo-viewer')).permissions;
  expect(await rights()).toContain('deployment.images.push');

  await row.getByRole('button', { name: 'Take away DEPLOYMENT_EDITOR from On call <b>' }).click();
  await expect(row).toHaveCount(0);
  expect(await rights()).not.toContain('deployment.images.push');

  await visit(`${server.url}/access/teams`);
  await team.getByRole('button', { name: 'Take out Vera (viewer) of On call <b>' }).click();
  await expect(team).toContainText('Nobody is in this team.');
  await team.getByText('Remove the team…').click();
  await expect(team).toContainText('Its members lose the roles that it brought, at once.');
  await team.getByRole('button', { name: 'Remove On call <b>' }).click();
  await expect(page.getByRole('heading', { name: 'No teams yet' })).toBeVisible();
});

test('a role given on the Workspace is seen on its Deployments, and taken away where it was given', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}/`);
  await page.getByRole('link', { name: 'Access to Workspace Data Platform' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Access to Workspace Data Platform');
  await page.getByLabel('To whom').selectOption({ label: 'Dana (DAGs only) (dana@demo)' });
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Workspace Admin (WORKSPACE_ADMIN)' });
  await page.getByRole('button', { name: 'Give the role' }).click();
  const workspace = page.url().split('?')[0]!;
  const row = given(page).filter({ hasText: 'WORKSPACE_ADMIN' });
  await expect(row).toContainText('Dana (DAGs only)');
  await visit(`${server.url}/deployments/${analytics.id}/access`);
  await expect(row.getByRole('link', { name: 'Workspace Data Platform' })).toBeVisible();
  await expect(row.getByRole('button')).toHaveCount(0);
  await expect(given(page).filter({ hasText: 'SYSTEM_ADMIN' })).toContainText('the whole installation');
  await visit(workspace);
  // She is the Workspace's only Admin now, and a Workspace that has one keeps one.
  await row.getByRole('button', { name: 'Take away WORKSPACE_ADMIN from Dana (DAGs only)' }).click();
  await expect(page.getByRole('alert')).toHaveText(
    'No role was taken away. This would leave the installation or a Workspace without an Admin, so nothing was done. Make somebody else an Admin first.',
  );
  await expect(row).toContainText('Dana (DAGs only)');
});

test('the last administrator stays', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  await visit(`${server.url}/access`);
  const row = page.getByRole('region', { name: 'Who has a role on the whole installation' }).locator('tbody tr');
  await row.getByRole('button', { name: 'Take away SYSTEM_ADMIN from Ada (admin)' }).click();
  await expect(page.getByRole('alert')).toContainText('No role was taken away. This would leave the installation');
  await expect(row.filter({ hasText: 'Ada (admin)' })).toContainText('SYSTEM_ADMIN');
  const ada = page.locator('tbody tr').filter({ hasText: 'ada@demo' });
  await ada.getByText('Change…').click();
  await ada.getByRole('button', { name: 'Disable Ada (admin)' }).click();
  await expect(page.getByRole('alert')).toContainText('The account is as it was. This would leave the installation');
  await expect(ada).toContainText('Active');
});

test('a Workspace Admin names people by their login, and gives no more than they have', async ({ page, visit, be, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}/`);
  await page.getByRole('link', { name: 'Access to Workspace Data Platform' }).click();
  const workspace = page.url();
  await page.getByLabel('To whom').selectOption({ label: 'Edda (editor) (edda@demo)' });
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Workspace Admin (WORKSPACE_ADMIN)' });
  await page.getByRole('button', { name: 'Give the role' }).click();
  await expect(given(page).filter({ hasText: 'WORKSPACE_ADMIN' })).toBeVisible();

  await be('editor', server);
  await visit(workspace);
  await expect(page.getByRole('banner').getByRole('link', { name: 'Access' })).toHaveCount(0);
  const name = page.getByLabel('Login of a person, or name of a team');
  await name.fill('nobody@demo');
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Workspace Viewer (WORKSPACE_VIEWER)' });
  await page.getByRole('button', { name: 'Give the role' }).click();
  await expect(page.getByRole('alert')).toHaveText('No role was given. Nobody signs in as nobody@demo, and no team has this name.');
  await expect(name).toHaveValue('nobody@demo');
  await expect(page.getByLabel('Role', { exact: true })).toHaveValue('WORKSPACE_VIEWER');
  await name.fill('Imre@demo');
  await page.getByRole('button', { name: 'Give the role' }).click();
  await expect(given(page).filter({ hasText: 'WORKSPACE_VIEWER' })).toContainText('Imre (images only)');
  await expect(page.getByRole('alert')).toHaveCount(0);

  // Roles of the installation are neither offered nor taken away here.
  await visit(`${server.url}/deployments/${analytics.id}/access`);
  await expect(page.getByLabel('Role', { exact: true }).getByRole('option', { name: /SYSTEM_/ })).toHaveCount(0);
  await expect(given(page).filter({ hasText: 'SYSTEM_ADMIN' }).getByRole('button')).toHaveCount(0);
});

test('without the right to see others, one sees what one may oneself', async ({ page, visit, be, ownServer, folder, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 403/);
  const roles = join(folder, 'values.yaml');
  await writeFile(roles, 'roles:\n  WORKSPACE_EDITOR:\n    permissions:\n      workspace.users.get: false\n  DEPLOYMENT_EDITOR:\n    permissions:\n      deployment.users.get: false\n');
  const server = await ownServer({ config: `[access]\nroles = ${JSON.stringify(roles)}\n` });
  const analytics = await places(server, 'analytics-prod');
  await be('editor', server);
  await visit(`${server.url}/deployments/${analytics.id}/access`);
  await expect(page.getByText('You may not see who has access here.')).toBeVisible();
  await expect(explained(page).locator('tbody tr').filter({ hasText: 'deployment.dags.push' })).toContainText(
    'WORKSPACE_EDITOR on Workspace Data Platform',
  );
  await expect(page.getByLabel('Account', { exact: true }).getByRole('option')).toHaveText(['Edda (editor) (you)']);
  for (const [path, message] of [
    ['/access', 'You may not see all people: it needs the permission system.users.get.'],
    ['/access/teams', 'You may not see all teams: it needs the permission system.teams.get.'],
    ['/access/service-accounts', 'You may not see service accounts: it needs the permission system.serviceAccounts.get.'],
  ] as const) {
    await visit(`${server.url}${path}`);
    await expect(page.getByRole('alert')).toContainText('No permission');
    await expect(page.getByRole('alert')).toContainText(message);
  }
  // What the roles hold is no secret.
  await visit(`${server.url}/access/roles`);
  await expect(page.getByRole('navigation', { name: 'Access' }).getByRole('link')).toHaveText(['Roles']);
  await expect(page.getByRole('columnheader', { name: /DEPLOYMENT_EDITOR/ })).toBeVisible();
});

test('viewers see who has access, and change nothing', async ({ page, visit, be, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await be('viewer');
  await visit(`/deployments/${analytics.id}/access`);
  await expect(given(page).filter({ hasText: 'WORKSPACE_EDITOR' })).toContainText('Edda (editor)');
  await expect(page.getByText('You may see who has access here, not change it.')).toBeVisible();
  await expect(page.getByRole('main').getByRole('button')).toHaveText(['Show']);
});

/** What the matrix says of a permission, by the name of the role in the configuration. */
async function held(page: Page, permission: string): Promise<Record<string, string>> {
  return page.evaluate((permission) => {
    const table = document.querySelector('.grid--matrix')!;
    const names = [...table.querySelectorAll('thead tr:last-child code')].map((code) => code.textContent!);
    const row = [...table.querySelectorAll('tbody tr')].find((tr) => tr.querySelector('code')?.textContent === permission)!;
    const cells = [...row.querySelectorAll('td')].map((td) => td.textContent!);
    return Object.fromEntries(names.map((name, i) => [name, cells[i]!]));
  }, permission);
}

test('the matrix shows the roles with their contents, and the demo\u2019s own ones @script @phone', async ({ page, visit }) => {
  await visit('/access/roles');
  await expect(page.getByRole('columnheader')).toContainText(['Whole installation', 'Workspace', 'Deployment', 'Permission', 'User']);
  await expect(page.getByRole('columnheader', { name: /^DAGs only/ })).toContainText('own role');
  const pushes = await held(page, 'deployment.dags.push');
  expect(pushes).toMatchObject({
    SYSTEM_ADMIN: '✓',
    DEPLOYMENT_ADMIN: '✓',
    DEPLOYMENT_EDITOR: '✓',
    DEPLOYMENT_VIEWER: '',
    // A Workspace Admin is Deployment Admin of all its Deployments.
    WORKSPACE_ADMIN: '(✓)',
    WORKSPACE_VIEWER: '',
    DEMO_DAGS_ONLY: '✓',
    DEMO_IMAGES_ONLY: '',
    USER: '',
  });
  expect(Object.keys(pushes)).toHaveLength(13);
  const region = page.getByRole('region', { name: 'Permissions of the roles' });
  await expect(region.locator('.edit')).toHaveCount(0);
  const unused = page.locator('details').filter({ hasText: 'permissions of the original that are not used here' });
  await unused.locator('summary').click();
  await expect(unused.locator('tbody tr').filter({ hasText: 'deployment.airflow.admin' })).toContainText('System Admin');
});

test('the matrix marks where the configuration differs from the original @script', async ({ page, visit, ownServer, folder }) => {
  const roles = join(folder, 'values.yaml');
  await writeFile(
    roles,
    `astronomer:
  houston:
    config:
      roles:
        DEPLOYMENT_EDITOR:
          permissions:
            deployment.images.push: false
            deployment.airflow.admin:
        DEPLOYMENT_VIEWER:
          permissions:
            deployment.dags.push:
        RELEASE_MANAGER:
          name: Release manager
          level: deployment
          permissions:
            deployment.deployRevisions.get:
            deployment.images.push:
`,
  );
  const server = await ownServer({ config: `[access]\nroles = ${JSON.stringify(roles)}\n` });
  await visit(`${server.url}/access/roles`);
  expect(await held(page, 'deployment.images.push')).toMatchObject({
    DEPLOYMENT_EDITOR: '▼ removed',
    DEPLOYMENT_ADMIN: '✓',
    RELEASE_MANAGER: '✓',
  });
  expect(await held(page, 'deployment.dags.push')).toMatchObject({ DEPLOYMENT_VIEWER: '▲ added', DEPLOYMENT_EDITOR: '✓', RELEASE_MANAGER: '' });
  const unused = page.locator('details').filter({ hasText: 'not used here' });
  await unused.locator('summary').click();
  await expect(unused.locator('tbody tr').filter({ hasText: 'deployment.airflow.admin' })).toContainText('Deployment Editor (▲ added)');
});
