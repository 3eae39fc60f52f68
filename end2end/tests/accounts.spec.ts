import type { Page } from '@playwright/test';
import { becomeAdministrator, PASSWORD, send, setUpLink, shownSecret, signIn, WITHOUT_TOKEN } from '../support/accounts';
import { everythingKept } from '../support/kept';
import { rest } from '../support/rest';
import { expect, test } from '../support/visit';

const header = (page: Page) => page.getByRole('banner');

test('the first administrator, an invitation, signing out and in again @phone', async ({ page, visit, ownServer, browser, script, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 404/);
  const server = await ownServer(WITHOUT_TOKEN);
  const link = await setUpLink(server);
  await visit(link);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The first administrator');
  await page.getByLabel('Login').fill('Ada@Example.com');
  await page.getByLabel('Name').fill('Ada Admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill('something else of length');
  await page.getByRole('button', { name: 'Become the administrator' }).click();
  await expect(page.getByRole('alert')).toHaveText('The two passwords are not the same. Type the new one again, twice.');
  await expect(page.getByLabel('Login')).toHaveValue('Ada@Example.com');
  await expect(page.getByLabel('Name')).toHaveValue('Ada Admin');
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Become the administrator' }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  await expect(header(page)).toContainText('Signed in as Ada Admin');

  // The link is used up.
  await visit(link);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link does not work any more');
  await expect(page.getByRole('alert')).toContainText('This link was used, or is too old.');

  await visit(`${server.url}/`);
  await header(page).getByRole('link', { name: 'Access' }).click();
  await expect(page.locator('tbody tr').filter({ hasText: 'ada@example.com' })).toContainText('System Admin');
  await page.getByText('Invite a person', { exact: true }).click();
  await page.getByLabel('Login').fill('ben@example.com');
  await page.getByLabel('Name', { exact: true }).fill('Ben <b>Bold</b>');
  await page.getByRole('button', { name: 'Make the account and its link' }).click();
  const invitation = await shownSecret(page);
  expect(invitation).toMatch(new RegExp(`^${server.url}/set-up\\?token=[0-9a-f]{64}$`));
  await expect(page.getByRole('region', { name: 'A link for Ben <b>Bold</b>' })).toContainText('is not shown again');
  const secret = invitation.split('=')[1]!;
  expect(page.url()).not.toContain(secret);
  expect(await everythingKept(server)).not.toContain(secret);
  if (script) {
    // The address is the page's: a reload asks for it and sends no form again.
    await expect(page).toHaveURL(`${server.url}/access`);
    await page.reload();
  } else {
    await visit(`${server.url}/access`);
  }
  await expect(page.locator('tbody tr').filter({ hasText: 'ben@example.com' }).first()).toContainText('Active');
  await expect(page.locator('.secret')).toHaveCount(0);

  const others = await browser.newContext({ javaScriptEnabled: script });
  try {
    const ben = await others.newPage();
    await ben.goto(invitation);
    await expect(ben.getByRole('heading', { level: 1 })).toHaveText('Welcome, Ben <b>Bold</b>');
    await expect(ben.getByLabel('Login')).toHaveCount(0);
    await ben.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await ben.getByLabel('Password again').fill(PASSWORD);
    await ben.getByRole('button', { name: 'Set the password' }).click();
    await expect(header(ben)).toContainText('Signed in as Ben <b>Bold</b>');
    await expect(header(ben).getByRole('link', { name: 'Access' })).toHaveCount(0);
    await header(ben).getByRole('button', { name: 'Sign out' }).click();
    await expect(ben).toHaveURL(`${server.url}/sign-in`);
    await ben.goto(`${server.url}/me`);
    await expect(ben).toHaveURL(`${server.url}/sign-in`);

    await signIn(ben, 'ben@example.com', 'not his password at all');
    await expect(ben.getByRole('alert')).toHaveText('The login or the password is wrong. Check both and try again.');
    await expect(ben.getByLabel('Login')).toHaveValue('ben@example.com');
    await expect(ben.getByLabel('Password')).toHaveValue('');
    await signIn(ben, 'BEN@example.com', PASSWORD);
    await expect(header(ben)).toContainText('Signed in as Ben <b>Bold</b>');
  } finally {
    await others.close();
  }
});

test('after many wrong passwords signing in waits, and says how long', async ({ page, visit, ownServer }) => {
  const server = await ownServer(WITHOUT_TOKEN);
  await visit(`${server.url}/sign-in`);
  for (let attempt = 0; attempt < 5; attempt++) {
    await signIn(page, 'nobody@example.com', `guess number ${attempt}`);
    await expect(page.getByRole('alert')).toContainText('The login or the password is wrong.');
  }
  await signIn(page, 'nobody@example.com', 'the next guess');
  await expect(page.getByRole('alert')).toContainText(/Too many failed attempts to sign in\. Wait \d+ seconds, then try again\./);
});

test('a person is disabled and enabled: signing in is refused meanwhile', async ({ page, visit, ownServer, browser }) => {
  const server = await ownServer(WITHOUT_TOKEN);
  await becomeAdministrator(page.request, server);
  await visit(`${server.url}/access`);
  await page.getByText('Invite a person', { exact: true }).click();
  await page.getByLabel('Login').fill('cleo');
  await page.getByLabel('Name', { exact: true }).fill('Cleo');
  await page.getByRole('button', { name: 'Make the account and its link' }).click();
  const invitation = await shownSecret(page);
  const others = await browser.newContext();
  try {
    const token = new URL(invitation).searchParams.get('token')!;
    await send(others.request, server, 'use-link', { token, password: PASSWORD, password_again: PASSWORD });
    expect((await others.request.get(`${server.url}/me`)).url()).toBe(`${server.url}/me`);

    await visit(`${server.url}/access`);
    const cleo = page.locator('tbody tr').filter({ hasText: 'cleo' });
    await cleo.getByText('Change…').click();
    await expect(cleo).toContainText('Sessions end and tokens are refused at once.');
    await cleo.getByRole('button', { name: 'Disable Cleo' }).click();
    await expect(cleo).toContainText('Disabled');
    expect((await others.request.get(`${server.url}/me`)).url()).toBe(`${server.url}/sign-in`);
    const refused = await send(others.request, server, 'sign-in', { login: 'cleo', password: PASSWORD }, '/sign-in');
    expect(refused.headers().location).toMatch(/^\/sign-in\?form=/);

    await cleo.getByText('Change…').click();
    await cleo.getByRole('button', { name: 'Enable Cleo' }).click();
    await expect(cleo).toContainText('Active');
    const signedIn = await send(others.request, server, 'sign-in', { login: 'cleo', password: PASSWORD }, '/sign-in');
    expect(signedIn.headers().location).toBe('/');

    // A link for a new password ends the sessions when it is used, and the old password is worth nothing.
    await cleo.getByText('Change…').click();
    await cleo.getByRole('button', { name: 'Make a link for a new password' }).click();
    const fresh = new URL(await shownSecret(page)).searchParams.get('token')!;
    const another = 'another password of hers';
    await send(page.request, server, 'use-link', { token: fresh, password: another, password_again: another });
    expect((await others.request.get(`${server.url}/me`)).url()).toBe(`${server.url}/sign-in`);
    const old = await send(others.request, server, 'sign-in', { login: 'cleo', password: PASSWORD }, '/sign-in');
    expect(old.headers().location).toMatch(/^\/sign-in\?form=/);
  } finally {
    await others.close();
  }
});

test('a login that is taken is refused, and what was typed is kept', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  await visit(`${server.url}/access`);
  await page.getByText('Invite a person', { exact: true }).click();
  await page.getByLabel('Login').fill('vera@demo');
  await page.getByLabel('Name', { exact: true }).fill('Another Vera');
  await page.getByRole('button', { name: 'Make the account and its link' }).click();
  await expect(page.getByRole('alert')).toHaveText('Nobody was invited. There is an account with this login already. Choose another.');
  await expect(page.getByLabel('Login')).toHaveValue('vera@demo');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Another Vera');
  await expect(page.getByText('Another Vera')).toHaveCount(0);
  // The next one is not shown the refusal of this one.
  await page.getByLabel('Login').fill('vera.two@demo');
  await page.getByRole('button', { name: 'Make the account and its link' }).click();
  await expect(page.locator('.secret')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('sessions are listed and ended; a new password ends the others', async ({ page, visit, ownServer, browser }) => {
  const server = await ownServer(WITHOUT_TOKEN);
  await becomeAdministrator(page.request, server);
  const others = await browser.newContext({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' });
  try {
    const again = () => send(others.request, server, 'sign-in', { login: 'ada@example.com', password: PASSWORD }, '/sign-in');
    const signedIn = async () => (await others.request.get(`${server.url}/me`)).url() === `${server.url}/me`;
    await again();
    await visit(`${server.url}/`);
    await header(page).getByRole('link', { name: 'Ada Admin' }).click();
    await expect(page).toHaveURL(`${server.url}/me`);
    const sessions = page.getByRole('region', { name: 'Where you are signed in' }).locator('tbody tr');
    await expect(sessions).toHaveCount(2);
    await expect(sessions.filter({ hasText: 'This one' })).toHaveCount(1);
    await expect(sessions.filter({ hasText: 'Firefox on Linux' })).toContainText('127.0.0.1');
    expect(await signedIn()).toBe(true);
    await sessions.getByRole('button', { name: 'End the session of Firefox on Linux' }).click();
    await expect(sessions).toHaveCount(1);
    expect(await signedIn()).toBe(false);

    await again();
    await visit(`${server.url}/me`);
    await expect(sessions).toHaveCount(2);
    const fill = async (old: string, fresh: string) => {
      await page.getByLabel('Your password now').fill(old);
      await page.getByLabel('The new one', { exact: true }).fill(fresh);
      await page.getByLabel('The new one again').fill(fresh);
      await page.getByRole('button', { name: 'Change the password' }).click();
    };
    await page.getByText('Change your password').click();
    await fill('not the password at all', 'a new password of mine');
    await expect(page.getByRole('alert')).toHaveText('The password is as it was. This is not your password now. Type it again.');
    for (const label of ['Your password now', 'The new one again']) await expect(page.getByLabel(label)).toHaveValue('');
    expect(await signedIn()).toBe(true);
    await fill(PASSWORD, 'a new password of mine');
    await expect(page.getByText('Your password is changed. Your other sessions have ended.')).toBeVisible();
    await expect(sessions).toHaveCount(1);
    expect(await signedIn()).toBe(false);
    const kept = await everythingKept(server);
    for (const secret of ['not the password at all', 'a new password of mine', PASSWORD]) expect(kept).not.toContain(secret);
  } finally {
    await others.close();
  }
});

test('an open page of a session that was ended leaves for the sign-in within a second @script', async ({ page, visit, ownServer, browser, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 401/);
  const server = await ownServer(WITHOUT_TOKEN);
  await becomeAdministrator(page.request, server);
  // The API takes tokens only: a person makes one of their own.
  const headers = { Origin: server.url };
  const own = await (await page.request.get(`${server.url}/ui/own-account`)).json();
  const form = { account: own.tokens.owner.account.id, name: 'mine', days: '1' };
  const { secret } = await (await page.request.post(`${server.url}/ui/make-token`, { form, headers })).json();
  const workspace = await rest(server, 'POST', 'workspaces', { name: 'Data' }, secret);
  const made = await rest(server, 'POST', 'deployments', { workspaceId: workspace.id, name: 'prod', mechanism: 'image' }, secret);
  const others = await browser.newContext();
  try {
    await send(others.request, server, 'sign-in', { login: 'ada@example.com', password: PASSWORD }, '/sign-in');
    const other = await others.newPage();
    await other.goto(`${server.url}/deployments/${made.id}/history`);
    await expect(other.locator('html')).toHaveAttribute('data-ready', 'true');
    await expect(header(other).getByRole('link', { name: 'Ada Admin' })).toBeVisible();
    await visit(`${server.url}/me`);
    const sessions = page.getByRole('region', { name: 'Where you are signed in' }).locator('tbody tr');
    const before = Date.now();
    await sessions.filter({ hasNotText: 'This one' }).getByRole('button').click();
    await expect(other).toHaveURL(`${server.url}/sign-in`);
    expect(Date.now() - before, 'milliseconds until the page is left').toBeLessThan(1_000);
    await expect(other.getByRole('heading', { level: 1 })).toHaveText('Sign in');
    await expect(header(other).getByRole('link', { name: 'Ada Admin' })).toHaveCount(0);
  } finally {
    await others.close();
  }
});
