import type { APIRequestContext, Page } from '@playwright/test';
import { expect, type Server } from './visit';

/** A password that is long enough. */
export const PASSWORD = 'correct horse battery staple';

/** A server without the operator's token: it prints a link that makes the first administrator. */
export const WITHOUT_TOKEN = {
  demo: false,
  // Left out of the environment.
  env: { BACKSTEP_ADMIN_TOKEN: undefined as unknown as string },
};

/** The link that a new server prints. */
export async function setUpLink(server: Server): Promise<string> {
  const link = () => /http:\S+\/set-up\?token=\w+/.exec(server.output())?.[0];
  await expect.poll(link, { message: 'the server prints its set-up link' }).toBeTruthy();
  return link()!;
}

/** Sends a form as a browser without script does. */
export async function send(request: APIRequestContext, server: Server, name: string, form: Record<string, string>, from = '/') {
  return request.post(`${server.url}/ui/${name}`, {
    form,
    headers: { Accept: 'text/html', Origin: server.url, Referer: `${server.url}${from}` },
    maxRedirects: 0,
  });
}

/** Makes the first administrator and signs this context in as them. */
export async function becomeAdministrator(request: APIRequestContext, server: Server): Promise<void> {
  const token = new URL(await setUpLink(server)).searchParams.get('token')!;
  const person = { login: 'ada@example.com', name: 'Ada Admin', password: PASSWORD, password_again: PASSWORD };
  const answer = await send(request, server, 'use-link', { token, ...person });
  expect(answer.headers().location).toBe('/');
}

/** The secret that a page shows this once. */
export async function shownSecret(page: Page): Promise<string> {
  await expect(page.locator('.secret')).toBeVisible();
  return (await page.locator('.secret').textContent())!;
}

/** Signs in on the page that is open. */
export async function signIn(page: Page, login: string, password: string): Promise<void> {
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}
