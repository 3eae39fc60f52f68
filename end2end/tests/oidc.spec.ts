import type { BrowserContext, Page } from '@playwright/test';
import { expectAccessible } from '../support/axe';
import { cliJson } from '../support/cli';
import { CLIENT, startProvider, type OidcProvider, type Tampering } from '../support/oidc-provider';
import { startServer, type Server } from '../support/server';
import { expect, test as base } from '../support/test';

type Own = { server: Server; provider: OidcProvider; deployment: string };

/** A server that knows the provider, and a Deployment whose roles come from the provider's groups. */
const test = base.extend<{ provider: OidcProvider; deployment: string }, { own: Own }>({
  own: [
    async ({}, use) => {
      let provider!: OidcProvider;
      const server = await startServer({
        demo: false,
        env: { BACKSTEP_OIDC_SECRET: CLIENT.secret },
        config: async (url) => configuration(url, (provider = await startProvider(url))),
      });
      const made = await cliJson(server, 'create', 'analytics-prod', '--workspace', 'Data Platform', '--airflow', '3.1.0');
      await use({ server, provider, deployment: `/deployments/${made.id}` });
      await server.stop();
      await provider.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  server: [async ({ own }, use) => use(own.server), { scope: 'worker' }],
  deployment: async ({ own }, use) => use(own.deployment),
  provider: [
    async ({ own, context }, use) => {
      own.provider.tampering = {};
      own.provider.people.clear();
      own.provider.people.set('edda', { name: 'Edda Editor', email: 'edda@example.com', groups: [] });
      // Made-up answers are counted for each address; each test has one of its own.
      await context.setExtraHTTPHeaders({ 'X-Forwarded-For': `198.51.100.${nextAddress++}` });
      await use(own.provider);
    },
    { auto: true },
  ],
});

let nextAddress = 1;

function configuration(url: string, provider: OidcProvider): string {
  const role = (group: string, role: string, place = '') => `[[oidc.roles]]\ngroup = "${group}"\nrole = "${role}"\n${place}`;
  const deployment = 'workspace = "Data Platform"\ndeployment = "analytics-prod"\n';
  return `
[server]
public_url = "${url}"
trusted_proxies = ["127.0.0.1/32"]

[oidc]
issuer = "${provider.issuer}"
client_id = "${CLIENT.id}"
client_secret_env = "BACKSTEP_OIDC_SECRET"
name = "Example Login"

${role('airflow-viewers', 'DEPLOYMENT_VIEWER', deployment)}
${role('airflow-editors', 'DEPLOYMENT_EDITOR', deployment)}
${role('platform-admins', 'SYSTEM_ADMIN')}`;
}

const button = (page: Page) => page.getByRole('link', { name: 'Sign in with Example Login' });
const name = (page: Page) => page.getByLabel('Name');

/** From the sign-in page to the provider, and through its own. */
async function logIn(page: Page, login = 'edda'): Promise<void> {
  await page.goto('/sign-in');
  await button(page).click();
  await name(page).fill(login);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function expectSignedIn(page: Page, as = 'Edda Editor'): Promise<void> {
  await expect(page.getByText(`Signed in as ${as}`)).toBeVisible();
}

/** Back on the sign-in page with these words, and nobody. */
async function expectRefused(page: Page, words: string): Promise<void> {
  await expect(page).toHaveURL(/\/sign-in\?form=/);
  await expect(page.getByRole('alert')).toContainText(words);
  await expectNobody(page);
}

async function expectNobody(page: Page): Promise<void> {
  expect((await cookies(page.context())).session, 'a session').toBeUndefined();
  const me = await (await page.request.get('/ui/me')).json();
  expect(me.author, 'who the server thinks it is').toBeNull();
}

async function cookies(context: BrowserContext) {
  const all = await context.cookies();
  const of = (name: string) => all.find((cookie) => cookie.name === name);
  return { session: of('backstep_session'), flow: of('backstep_oidc') };
}

test('the way to the provider and back @phone', async ({ page, context, provider, script }) => {
  await page.goto('/');
  await expect(page).toHaveURL('/sign-in');
  if (script) await expectAccessible(page);
  await button(page).click();
  await expect(page).toHaveURL((url) => url.origin === provider.issuer);
  await name(page).fill('edda');
  const { flow } = await cookies(context);
  expect(flow).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  await page.getByRole('button', { name: 'Log in' }).click();
  await expectSignedIn(page);
  await expect(page).toHaveURL('/');
  const after = await cookies(context);
  expect(after.session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  expect(after.flow, 'the cookie of the sign-in').toBeUndefined();
});

test('groups give roles, and take them at the next sign-in', async ({ page, provider, deployment, consoleGuard }) => {
  // 401: the stream of the page whose session is gone.
  consoleGuard.allow(/40[14]/);
  const edda = provider.people.get('edda')!;
  const mayRead = async () => (await page.goto(deployment))!.ok() && (await page.getByRole('heading', { name: 'analytics-prod' }).isVisible());
  const mayChange = async () => (await page.goto(`${deployment}/settings`)) && (await page.getByRole('button', { name: 'Save' }).count()) > 0;
  const signInWith = async (...groups: string[]) => {
    edda.groups = groups;
    await page.context().clearCookies();
    await logIn(page);
    await expectSignedIn(page);
  };

  await signInWith('somebody-elses');
  expect(await mayRead()).toBe(false);
  await signInWith('airflow-viewers', 'somebody-elses');
  expect([await mayRead(), await mayChange()]).toEqual([true, false]);
  await signInWith('airflow-editors');
  expect([await mayRead(), await mayChange()]).toEqual([true, true]);
  await signInWith();
  expect(await mayRead()).toBe(false);
});

test('what the ID token leaves out is asked for', async ({ page, provider, deployment }) => {
  provider.people.get('edda')!.groups = ['airflow-viewers'];
  provider.tampering.idToken = (token) => token.with({ groups: undefined, name: undefined, email: undefined });
  await logIn(page);
  await expectSignedIn(page);
  await page.goto(deployment);
  await expect(page.getByRole('heading', { name: 'analytics-prod' })).toBeVisible();
});

test('signing out ends both sessions', async ({ page, context, provider }) => {
  await logIn(page);
  await expectSignedIn(page);
  // The provider still knows the browser: it asks for no name.
  await page.goto('/sign-in');
  await button(page).click();
  await expectSignedIn(page);
  const { session } = await cookies(context);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Log out of Example Login?' })).toBeVisible();
  await expectNobody(page);
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page).toHaveURL((url) => url.pathname === '/sign-in');
  await button(page).click();
  await expect(name(page)).toBeVisible();
  await expect(page).toHaveURL((url) => url.origin === provider.issuer);
  // The old cookie is worth nothing, even if somebody kept it.
  await context.addCookies([session!]);
  const me = await (await page.request.get('/ui/me')).json();
  expect(me.author).toBeNull();
});

test('whoever declines at the provider is not signed in', async ({ page }) => {
  await page.goto('/sign-in');
  await button(page).click();
  await page.getByRole('button', { name: 'Decline' }).click();
  await expectRefused(page, 'did not let you in');
});

const now = () => Math.floor(Date.now() / 1000);

// Each differs from a right sign-in in one thing. What refuses is the server: without script it is the same.
const refusals: [string, Tampering, string][] = [
  ['an ID token of another issuer', { idToken: (t) => t.with({ iss: 'https://evil.example' }) }, 'issued by another provider'],
  ['an ID token for another audience', { idToken: (t) => t.with({ aud: 'other' }) }, 'meant for another application'],
  ['an ID token for a further audience', { idToken: (t) => t.with({ aud: [t.claims.aud, 'other'] }) }, 'meant for another application'],
  ['an ID token given to another party', { idToken: (t) => t.with({ azp: 'other' }) }, 'meant for another application'],
  ['an ID token with alg none', { idToken: (t) => t.unsigned() }, 'not signed with an algorithm that is safe'],
  ['an ID token signed with the public key as a secret', { idToken: (t) => t.withSecret() }, 'not signed with an algorithm that is safe'],
  ["an ID token signed with the client's secret", { idToken: (t) => t.withSecret(CLIENT.secret) }, 'not signed with an algorithm that is safe'],
  ['an ID token with an unknown key', { idToken: (t) => t.with({}, { kid: 'other' }) }, "signed with a key that is not the provider's"],
  ['an ID token signed by somebody else', { idToken: (t) => t.forged() }, 'its signature is wrong'],
  ['an ID token with a changed signature', { idToken: (t) => t.flipped() }, 'its signature is wrong'],
  ['an ID token with changed claims', { idToken: (t) => t.rewritten({ sub: 'ada' }) }, 'its signature is wrong'],
  ['an ID token with a header that must be understood', { idToken: (t) => t.with({}, { crit: ['x'], x: 1 }) }, 'of an unknown form'],
  ['an expired ID token', { idToken: (t) => t.with({ exp: now() - 120 }) }, 'it has expired'],
  ['an ID token from the future', { idToken: (t) => t.with({ iat: now() + 300 }) }, 'at a time that does not fit'],
  ['an ID token from long before', { idToken: (t) => t.with({ iat: now() - 3600 }) }, 'at a time that does not fit'],
  ['an ID token that is not valid yet', { idToken: (t) => t.with({ nbf: now() + 300 }) }, 'at a time that does not fit'],
  ['an ID token without nonce', { idToken: (t) => t.with({ nonce: undefined }) }, 'belongs to another sign-in'],
  ['an ID token with another nonce', { idToken: (t) => t.with({ nonce: 'other' }) }, 'belongs to another sign-in'],
  ['an ID token of another access token', { idToken: (t) => t.with({ at_hash: 'b3RoZXI' }) }, 'does not belong to the access token'],
  ['an ID token about nobody', { idToken: (t) => t.with({ sub: undefined }) }, 'cannot be read'],
  ['no ID token', { idToken: () => undefined }, 'there is none in the answer'],
  ['another state', { callback: (to) => to.searchParams.set('state', 'other') }, 'not under way here'],
  ['no state', { callback: (to) => to.searchParams.delete('state') }, 'incomplete'],
  ['two states', { callback: (to) => to.searchParams.append('state', 'other') }, 'incomplete'],
  ['no code', { callback: (to) => to.searchParams.delete('code') }, 'incomplete'],
  ['a made-up code', { callback: (to) => to.searchParams.set('code', 'made-up') }, 'does not accept the code'],
  ['an answer of another issuer', { callback: (to) => to.searchParams.set('iss', 'https://evil.example') }, 'from another provider'],
  ['an answer without issuer', { callback: (to) => to.searchParams.delete('iss') }, 'from another provider'],
  ['another PKCE verifier', { tokenRequest: (form) => form.set('code_verifier', 'x'.repeat(43)) }, 'does not accept the code'],
  ['no PKCE verifier', { tokenRequest: (form) => form.delete('code_verifier') }, 'does not accept the code'],
  ['another redirect address', { tokenRequest: (form) => form.set('redirect_uri', 'https://evil.example/') }, 'does not accept the code'],
  ['a wrong secret of the client', { tokenRequest: (_, headers) => (headers.authorization = `Basic ${btoa('backstep:wrong')}`) }, 'as its client'],
  [
    'further details about somebody else',
    { idToken: (t) => t.with({ groups: undefined }), userInfo: (claims) => (claims.sub = 'ada') },
    'about somebody else',
  ],
];

for (const [what, tampering, words] of refusals) {
  test(`refused: ${what} @no-js`, async ({ page, provider }) => {
    provider.tampering = tampering;
    await logIn(page);
    await expectRefused(page, words);
    // The same without the change: nothing of it is left behind.
    provider.tampering = {};
    await page.goto('/sign-in');
    await button(page).click();
    await expectSignedIn(page);
  });
}

test('refused: the same callback a second time @no-js', async ({ page, context, provider }) => {
  await logIn(page);
  await expectSignedIn(page);
  const { session } = await cookies(context);
  await context.clearCookies({ name: session!.name });
  await page.goto(provider.callbacks.at(-1)!.href);
  await expectRefused(page, 'not under way here');
});

test('refused: a code that was used before @no-js', async ({ page, context, provider }) => {
  await logIn(page);
  await expectSignedIn(page);
  const used = provider.callbacks.at(-1)!.searchParams.get('code')!;
  await context.clearCookies({ name: 'backstep_session' });
  provider.tampering.callback = (to) => to.searchParams.set('code', used);
  await page.goto('/sign-in');
  await button(page).click();
  await expectRefused(page, 'does not accept the code');
});

test("refused: another browser's callback @no-js", async ({ page, browser, baseURL, provider }) => {
  // Somebody begins, and leads another person's browser to the end of it.
  provider.tampering.callback = (to) => (to.pathname = '/livez');
  await logIn(page);
  await expect.poll(() => provider.callbacks.length).toBeGreaterThan(0);
  const callback = provider.callbacks.at(-1)!.href;
  provider.tampering = {};
  const other = await browser.newContext({ baseURL, javaScriptEnabled: false });
  const victim = await other.newPage();
  await victim.goto(callback);
  await expectRefused(victim, 'begun in another browser');
  await victim.goto('/sign-in');
  await button(victim).click();
  await name(victim).fill('edda');
  await victim.getByRole('button', { name: 'Log in' }).click();
  await expectSignedIn(victim);
  await other.close();
});

test('refused by the provider: an address to come back to that is not registered @no-js', async ({ page, provider, consoleGuard }) => {
  consoleGuard.allow(/400/);
  provider.tampering.authorization = (query) => query.set('redirect_uri', 'https://evil.example/sign-in/oidc/callback');
  await page.goto('/sign-in');
  await button(page).click();
  await expect(page.getByRole('heading', { name: 'The provider refuses' })).toBeVisible();
  await expect(page.getByText('redirect_uri')).toBeVisible();
  await expectNobody(page);
});

test('refused: made-up callbacks, after a while, without being read @no-js', async ({ page }) => {
  // A browser that began a sign-in; others are not counted, for another site's page can send them here.
  await page.request.get('/sign-in/oidc', { maxRedirects: 0 });
  for (let n = 0; n < 20; n++) await page.request.get(`/sign-in/oidc/callback?state=made-up-${n}&code=x`);
  await logIn(page);
  await expectRefused(page, 'Too many failed attempts');
});
