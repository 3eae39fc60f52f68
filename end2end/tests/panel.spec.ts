import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Request } from '@playwright/test';
import { fillIn, goButton } from '../support/acting';
import { cliJson } from '../support/cli';
import { heard, test } from '../support/embedded-test';
import { startPortal } from '../support/portal';
import { expect } from '../support/test';
import { treeDigest } from '../support/tree';

// A panel is a script: without script there is none.
test.describe('the panel in a page of another origin @script', () => {
  test('two panels with two tokens: one rolls back, the other only reads', async ({ page, context, embedded }) => {
    const { portal, server, ids } = embedded;
    const [analytics, billing] = [ids['analytics-prod']!, ids['billing-prod']!];
    const folder = join(server.data, 'demo/analytics-prod');
    const disk = async () => ({ tree: await treeDigest(join(folder, 'dags/current')), env: await readFile(join(folder, '.env'), 'utf8') });
    portal.tokens.set('one', ['demo-editor']);
    portal.body = `
      <backstep-panel id="one" data-asks deployment="${analytics}"></backstep-panel>
      <backstep-panel id="two" token="demo-viewer" deployment="${billing}"></backstep-panel>`;
    // From this origin the browser would send it.
    await context.addCookies([{ name: 'backstep_session', value: 'of somebody else', url: server.url }]);
    const asked: Request[] = [];
    page.on('request', (request) => request.url().startsWith(`${server.url}/`) && asked.push(request));

    await page.goto(portal.sameSiteUrl);
    const [one, two] = [page.locator('#one'), page.locator('#two')];
    await expect(one.getByRole('heading', { name: 'analytics-prod' })).toBeVisible();
    await expect(two.getByRole('heading', { name: 'billing-prod' })).toBeVisible();
    await expect(one.getByText('Currency conversion for daily_revenue (#482)').first()).toBeVisible();
    await expect(two.locator('.brief__row')).toHaveCount(6);
    expect((await heard(page)).map(([id, name]) => `${id} ${name}`).sort()).toEqual(['one ready', 'two ready']);

    // The viewer's panel shows the plan, says what is missing, and has nothing to press.
    await two.getByRole('link', { name: 'Deploy (roll back to #5)' }).click();
    const refused = two.getByRole('dialog');
    await expect(refused).toContainText('This cannot be done now');
    await expect(refused).toContainText('deployment.images.push');
    await expect(goButton(refused)).toHaveCount(0);
    const handOver = refused.getByRole('link', { name: 'this plan' });
    await expect(handOver).toHaveAttribute('href', `${server.url}/deployments/${billing}/rollback?to=5`);
    await refused.getByRole('button', { name: 'Back' }).click();
    await expect(refused).toBeHidden();

    const before = await disk();
    await one.getByRole('link', { name: 'Roll back… (roll back to #12)' }).click();
    const plan = one.getByRole('dialog');
    await expect(plan.getByRole('heading', { level: 1, name: 'Roll back analytics-prod to #12' })).toBeVisible();
    await fillIn(plan, { scope: 'DAGs', why: 'Revenue is counted twice' });
    await goButton(plan).click();
    await expect(plan).toBeHidden();
    await expect(one.getByRole('region', { name: 'Rollout of #14' }).locator('.rollout__state')).toHaveText('Live');
    await expect(one.locator('.brief__live')).toContainText('#14');
    await expect(one.locator('.brief__live')).toContainText('Rollback (DAGs) of #13 to #12');
    expect((await heard(page)).filter(([, name]) => name === 'rollback-started')).toEqual([['one', 'rollback-started', { number: 14 }]]);
    const after = await disk();
    expect(after.tree).not.toBe(before.tree);
    expect(after.env).toBe(before.env);
    await expect(two.locator('.brief__row')).toHaveCount(6);
    expect(page.url(), 'the page around the panels stays where it is').toBe(`${portal.sameSiteUrl}/`);

    // Each request carries the token of its own panel, and no cookie.
    const about = (id: string) => asked.filter((request) => `${request.url()} ${request.postData() ?? ''}`.includes(id));
    expect(about(analytics).length).toBeGreaterThan(4);
    expect(about(billing).length).toBeGreaterThan(2);
    for (const request of asked) {
      const headers = await request.allHeaders();
      expect(headers.cookie, request.url()).toBeUndefined();
      if (about(analytics).includes(request)) expect(headers.authorization, request.url()).toBe('Bearer demo-editor');
      else if (about(billing).includes(request)) expect(headers.authorization, request.url()).toBe('Bearer demo-viewer');
      else expect(headers.authorization, request.url()).toBeUndefined();
    }
    // One module for both.
    expect(asked.filter((request) => request.url().endsWith('.wasm'))).toHaveLength(1);
  });

  test('no style gets in and none gets out', async ({ page, embedded }) => {
    const { portal, ids } = embedded;
    portal.css = `
      html { font-size: 20px; }
      body { font: italic 700 2rem/3 serif; text-align: right; color: rgb(1, 2, 3); letter-spacing: 4px; text-transform: uppercase; }
      h2, p, a, .button, .card, .status, ol, li { color: rgb(4, 5, 6) !important; border: 7px dotted rgb(7, 8, 9) !important; }
      .button { display: none !important; }
      #theirs { background: rgb(10, 11, 12); }
      #one { --accent: rgb(13, 14, 15); }`;
    portal.body = `
      <section id="theirs" class="card"><h2>Ours</h2><p class="muted">Text <a href="/">link</a> <code>code</code></p>
      <button class="button button--primary">Button</button><span class="status">Status</span></section>
      <div id="place"></div>`;
    await page.goto(portal.url);
    const looks = () =>
      page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('body, main, h1, #theirs, #theirs *')].map((element) =>
          JSON.stringify(Object.fromEntries([...getComputedStyle(element)].filter((name) => !/block-size|height|perspective|transform-origin/.test(name)).map((name) => [name, getComputedStyle(element).getPropertyValue(name)]))),
        ),
      );
    const alone = await looks();
    await page.evaluate((id) => {
      const panel = document.createElement('backstep-panel');
      panel.id = 'one';
      panel.setAttribute('token', 'demo-editor');
      panel.setAttribute('deployment', id);
      document.querySelector('#place')!.append(panel);
    }, ids['analytics-prod']!);
    const panel = page.locator('#one');
    await expect(panel.getByRole('heading', { name: 'Deploy History' })).toBeVisible();
    expect(await looks(), 'the page looks as it did').toEqual(alone);
    expect(await page.evaluate(() => [document.adoptedStyleSheets.length, document.styleSheets.length])).toEqual([0, 1]);

    const style = (selector: string) =>
      panel.locator(selector).first().evaluate((element) => {
        const { color, textAlign, fontStyle, letterSpacing, textTransform, borderTopStyle, fontSize, fontFamily } = getComputedStyle(element);
        return { color, textAlign, fontStyle, letterSpacing, textTransform, borderTopStyle, fontSize, fontFamily };
      });
    for (const selector of ['h2', '.muted', '.button', '.brief__row']) {
      const { color, textAlign, fontStyle, letterSpacing, textTransform, borderTopStyle, fontFamily } = await style(selector);
      expect(color, selector).not.toMatch(/rgb\([1-9], [1-9], [1-9]\)/);
      expect({ fontStyle, letterSpacing, textTransform }, selector).toEqual({ fontStyle: 'normal', letterSpacing: 'normal', textTransform: 'none' });
      expect(textAlign, selector).not.toBe('right');
      expect(borderTopStyle, selector).not.toBe('dotted');
      expect(fontFamily, selector).toContain('system-ui');
    }
    await expect(panel.locator('.button').first()).toBeVisible();
    // But for what docs/embedding.md offers: custom properties, and the size of the root's font.
    expect((await style('a.number')).color).toBe('rgb(13, 14, 15)');
    expect((await style('.brief__live')).fontSize).toBe('20px');
  });

  test('the token is renewed when the server wants another one, and what was typed stays', async ({ page, embedded, consoleGuard }) => {
    const { portal, server, ids } = embedded;
    consoleGuard.allow(/status of 401/);
    portal.tokens.set('one', ['expired', 'demo-editor']);
    portal.body = `<backstep-panel id="one" data-asks deployment="${ids['analytics-prod']}"></backstep-panel>`;
    await page.goto(portal.url);
    const panel = page.locator('#one');
    await expect(panel.getByRole('heading', { name: 'analytics-prod' })).toBeVisible();
    expect((await heard(page)).map(([, name]) => name)).toContain('auth-required');
    expect((await heard(page)).at(-1)).toEqual(['one', 'ready', null]);

    await panel.getByRole('link', { name: 'Roll back… (roll back to #12)' }).click();
    const plan = panel.getByRole('dialog');
    await fillIn(plan, { scope: 'DAGs', why: 'Typed before the token ran out', hold: false });
    // The token runs out while somebody types; this panel's page has no other one at first.
    await page.evaluate(() => {
      const one = document.querySelector('#one') as any;
      one.getToken = undefined;
      one.token = 'ran-out';
    });
    await goButton(plan).click();
    await expect(plan.getByRole('alert')).toBeVisible();
    await expect.poll(async () => (await heard(page)).at(-1)?.slice(0, 2)).toEqual(['one', 'auth-required']);
    await page.evaluate(() => Object.assign(document.querySelector('#one') as any, { token: 'demo-editor' }));
    await expect(plan.getByLabel('Why', { exact: true })).toHaveValue('Typed before the token ran out');
    await expect(plan.getByRole('radio', { name: 'DAGs', exact: true })).toBeChecked();
    await expect(plan.getByRole('checkbox', { name: 'Hold new deploys' })).not.toBeChecked();
    await goButton(plan).click();
    await expect(panel.getByRole('region', { name: 'Rollout of #14' }).locator('.rollout__state')).toHaveText('Live');
    const { deploys } = await cliJson(server, 'history', '--rollbacks', '--limit', '1', '--deployment', 'analytics-prod');
    expect(deploys[0]).toMatchObject({ number: 14, description: 'Typed before the token ran out' });
  });

  test('a page of an origin that is not named gets nothing', async ({ page, embedded, consoleGuard }) => {
    const { server, ids } = embedded;
    const stranger = await startPortal();
    try {
      stranger.backstep = server.url;
      stranger.body = `<backstep-panel id="one" token="demo-admin" deployment="${ids['analytics-prod']}"></backstep-panel>`;
      consoleGuard.allow(/CORS policy|net::ERR_FAILED/);
      const script = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/embed/panel.js'));
      await page.goto(stranger.url);
      await script;
      expect(await page.evaluate(() => customElements.get('backstep-panel'))).toBeUndefined();
      expect(await page.locator('#one').evaluate((element) => element.shadowRoot)).toBeNull();
      const attempts = await page.evaluate(
        async ([url, id]) => {
          const headers = { authorization: 'Bearer demo-admin' };
          const form = { method: 'POST', headers, body: new URLSearchParams({ id: id!, target: '12', scope: 'dags', description: 'Not from here' }) };
          const tries = [
            fetch(`${url}/ui/deployment?id=${id}`, { headers }),
            fetch(`${url}/ui/deployment?id=${id}`),
            fetch(`${url}/events/deployments/${id}`, { headers }),
            fetch(`${url}/api/v1/deployments`, { headers }),
            fetch(`${url}/embed/manifest.json`),
            fetch(`${url}/ui/roll-back`, form),
          ];
          return Promise.all(tries.map((answer) => answer.then(({ status }) => `answered ${status}`, () => 'nothing')));
        },
        [server.url, ids['analytics-prod']],
      );
      expect(attempts).toEqual(Array(6).fill('nothing'));
      const { deploys } = await cliJson(server, 'history', '--limit', '1', '--deployment', 'analytics-prod');
      expect(deploys[0].number).toBe(13);
    } finally {
      await stranger.stop();
    }
  });

  test('its links open tabs of their own, on Backstep’s pages', async ({ page, embedded }) => {
    const { portal, server, ids } = embedded;
    const id = ids['analytics-prod']!;
    portal.body = `<backstep-panel id="one" token="demo-editor" deployment="${id}"></backstep-panel>`;
    await page.goto(portal.url);
    const panel = page.locator('#one');
    const opened = page.waitForEvent('popup');
    await panel.locator('.brief__live').getByRole('link', { name: '#13' }).click();
    const tab = await opened;
    await expect(tab).toHaveURL(`${server.url}/deployments/${id}/deploys/13`);
    expect(await tab.evaluate(() => window.opener)).toBeNull();
    await expect(page).toHaveURL(`${portal.url}/`);
    // Whichever it is, in the history and in the plan: none leaves the page.
    await panel.getByRole('link', { name: 'Roll back… (roll back to #12)' }).click();
    await expect(panel.getByRole('dialog').getByLabel('Why', { exact: true })).toBeVisible();
    const leaving = await panel.locator('a:not([target="_blank"]):not([aria-haspopup="dialog"])').evaluateAll((links) =>
      links.filter((link) => (link as HTMLElement).checkVisibility()).map((link) => link.outerHTML),
    );
    expect(leaving).toEqual([]);
  });

  test('moving it keeps it as it is', async ({ page, embedded }) => {
    const { portal, ids } = embedded;
    portal.body = `<backstep-panel id="one" token="demo-editor" deployment="${ids['analytics-prod']}"></backstep-panel><section id="other"></section>`;
    await page.goto(portal.url);
    const panel = page.locator('#one');
    await expect(panel.getByRole('heading', { name: 'Deploy History' })).toBeVisible();
    await panel.locator('h2').evaluate((heading) => heading.setAttribute('data-same', 'yes'));
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.evaluate(() => document.querySelector('#other')!.append(document.querySelector('#one')!));
    await expect(page.locator('#other #one').locator('h2')).toHaveAttribute('data-same', 'yes');
    // Its stream goes on: a change on the server arrives.
    await cliJson(embedded.server, 'hold', 'set', '-m', 'The feed is broken', '--deployment', 'analytics-prod');
    await expect(panel.getByText('The feed is broken')).toBeVisible();
    expect(asked.filter((url) => /\/embed\/|\/pkg\/|\/events\//.test(url))).toEqual([]);
  });
});
