import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectSound } from '../support/layout';
import type { Server } from '../support/server';
import { expect, test } from '../support/visit';

test.use({ serverOptions: { demo: false } });

/** All bytes of the data folder, as text. */
async function everythingKept(server: Server): Promise<string> {
  const entries = await readdir(server.data, { recursive: true, withFileTypes: true });
  const texts = entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

test('the token is asked for once, whatever page was wanted @phone', async ({ page, visit, server, context }) => {
  await visit('/deployments/some-id/history');
  await expect(page).toHaveURL(/\/sign-in$/);
  await expect(page).toHaveTitle('Sign in · Backstep');
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  const token = page.getByLabel('Token');
  await expect(token).toHaveAttribute('type', 'password');
  await token.fill(server.adminToken);
  await page.getByRole('button', { name: 'Sign in with the token' }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  await expect(page.getByText('Signed in as Administrator')).toBeVisible();

  const [cookie, ...others] = await context.cookies();
  expect(others).toEqual([]);
  expect(cookie).toMatchObject({ name: 'backstep_session', httpOnly: true, sameSite: 'Lax', path: '/' });
  expect(cookie!.value).not.toContain(server.adminToken);
  expect(cookie!.expires - Date.now() / 1000, 'a day long').toBeLessThanOrEqual(24 * 3600 + 5);
  const kept = await everythingKept(server);
  expect(kept, 'only the hash of the session is kept').not.toContain(cookie!.value);
  expect(kept).not.toContain(server.adminToken);

  await visit('/');
  await expect(page.getByText('Signed in as Administrator')).toBeVisible();
  await expect(page.getByLabel('Token')).toHaveCount(0);
});

test('an empty server says how its first Deployment comes to be', async ({ page, visit, server }) => {
  await visit('/sign-in');
  await page.getByLabel('Token').fill(server.adminToken);
  await page.getByLabel('Token').press('Enter');
  await expect(page.getByRole('heading', { name: 'No Deployments yet' })).toBeVisible();
  await expect(page.getByText('backstep adopt --help')).toBeVisible();
});

test('a wrong token says why, and nothing of it is kept', async ({ page, visit, server, context }) => {
  const wrong = 'a-wrong-token-that-must-not-be-kept-0123456789';
  await visit('/sign-in');
  await page.getByLabel('Token').fill(wrong);
  await page.getByRole('button', { name: 'Sign in with the token' }).click();
  await expect(page.getByRole('alert')).toHaveText(
    'This is not the token that the server was started with. It is the value of BACKSTEP_ADMIN_TOKEN.',
  );
  await expect(page).toHaveURL(/\/sign-in\?form=[\w-]+$/);
  await expect(page.getByLabel('Token')).toHaveValue('');
  expect(await page.content()).not.toContain(wrong);
  expect(await everythingKept(server)).not.toContain(wrong);
  expect(server.output()).not.toContain(wrong);
  expect(await context.cookies()).toEqual([]);
  await visit('/');
  await expect(page).toHaveURL(/\/sign-in$/);
  // The right one works from there.
  await visit('/sign-in');
  await page.getByLabel('Token').fill(server.adminToken);
  await page.getByRole('button', { name: 'Sign in with the token' }).click();
  await expect(page.getByText('Signed in as Administrator')).toBeVisible();
});

test('a session that is no session is asked for the token again', async ({ page, visit, server, context }) => {
  await context.addCookies([{ name: 'backstep_session', value: 'f'.repeat(64), url: server.url }]);
  await visit('/');
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('the sign-in and an empty server: accessible, and fit @script', async ({ page, visit, server }) => {
  await visit('/sign-in');
  await expectSound(page);
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in with the token' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectSound(page);
  await page.getByLabel('Token').fill(server.adminToken);
  await page.getByRole('button', { name: 'Sign in with the token' }).click();
  await expect(page.getByRole('heading', { name: 'No Deployments yet' })).toBeVisible();
  await expectSound(page);
});
