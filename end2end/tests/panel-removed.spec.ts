import type { Page, Request } from '@playwright/test';
import { cliJson } from '../support/cli';
import { heard, test } from '../support/embedded-test';
import { expect } from '../support/test';

/** Counts, in the page, what a script may leave behind: timers, and listeners on what outlives an element. */
async function watchLeftovers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const timers = new Set<number>();
    const listeners = new Map<string, number>();
    const { setTimeout, setInterval, clearTimeout, clearInterval } = window;
    const runs = (timer: number) => timers.add(timer);
    Object.assign(window, {
      setTimeout: (run: () => void, ms: number, ...more: unknown[]) => {
        const timer = setTimeout(() => (timers.delete(timer), (run as any)(...more)), ms) as unknown as number;
        runs(timer);
        return timer;
      },
      setInterval: (run: () => void, ms: number, ...more: unknown[]) => {
        const timer = setInterval(run, ms, ...more) as unknown as number;
        runs(timer);
        return timer;
      },
      clearTimeout: (timer: number) => (timers.delete(timer), clearTimeout(timer)),
      clearInterval: (timer: number) => (timers.delete(timer), clearInterval(timer)),
    });
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const outlives = (target: unknown) => target === undefined || target === window || target instanceof Document || target === document.documentElement || target === document.body;
    const count = (type: string, by: number) => listeners.set(type, (listeners.get(type) ?? 0) + by);
    EventTarget.prototype.addEventListener = function (type: string, ...rest: any) {
      if (outlives(this)) count(type, 1);
      return (addEventListener as any).call(this, type, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (type: string, ...rest: any) {
      if (outlives(this)) count(type, -1);
      return (removeEventListener as any).call(this, type, ...rest);
    };
    Object.assign(window, {
      leftovers: () => ({
        timers: timers.size,
        listeners: Object.fromEntries([...listeners].filter(([, n]) => n !== 0)),
        nodes: document.querySelectorAll('body *').length,
        sheets: document.adoptedStyleSheets.length,
      }),
    });
  });
}

const leftovers = (page: Page) => page.evaluate(() => (window as any).leftovers());

test('a panel that is removed leaves nothing behind @script', async ({ page, embedded }) => {
  const { portal, server, ids } = embedded;
  const id = ids['analytics-prod']!;
  portal.body = `<div id="place"></div>`;
  await watchLeftovers(page);
  await page.goto(portal.url);
  await page.waitForFunction(() => customElements.get('backstep-panel'));
  const before = await leftovers(page);

  const open = new Set<Request>();
  const asked: string[] = [];
  page.on('request', (request) => (open.add(request), asked.push(`${request.method()} ${request.url()} ${request.headers().authorization ?? ''}`)));
  const ended = (request: Request) => open.delete(request);
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);

  const add = (name: string, token: string) =>
    page.evaluate(
      ([name, token, id]) => {
        const panel = document.createElement('backstep-panel');
        panel.id = name!;
        panel.setAttribute('token', token!);
        panel.setAttribute('deployment', id!);
        document.querySelector('#place')!.append(panel);
      },
      [name, token, id],
    );
  await add('one', 'demo-editor');
  const panel = page.locator('#one');
  await expect(panel.getByRole('heading', { name: 'Deploy History' })).toBeVisible();
  const streams = () => [...open].filter((request) => request.url().includes('/events/'));
  await expect.poll(() => streams().length).toBe(1);
  await panel.getByRole('link', { name: 'Roll back… (roll back to #12)' }).click();
  await expect(panel.getByRole('dialog').getByLabel('Why', { exact: true })).toBeVisible();

  // Removed in the middle of something: a dialog is open, a request under way.
  const handle = await panel.elementHandle();
  const [stream] = streams();
  const closed = page.waitForEvent('requestfailed', (request) => request === stream);
  await page.evaluate(() => {
    const one = document.querySelector('#one')! as any;
    one.token = 'demo-editor';
    one.remove();
  });
  await closed;
  expect(await handle!.evaluate((element) => (element as Element).shadowRoot!.childNodes.length)).toBe(0);
  await expect.poll(() => open.size).toBe(0);
  await expect.poll(() => leftovers(page), { timeout: 1_000 }).toEqual(before);

  // Something changes on the server. A second panel hears of it; the first one is not there any more to ask.
  await add('two', 'demo-viewer');
  await expect(page.locator('#two').getByRole('heading', { name: 'Deploy History' })).toBeVisible();
  asked.length = 0;
  await cliJson(server, 'hold', 'set', '-m', 'The feed is broken', '--deployment', 'analytics-prod');
  await expect(page.locator('#two').getByText('The feed is broken')).toBeVisible();
  expect(asked.filter((request) => request.includes('demo-editor'))).toEqual([]);
  expect(asked.filter((request) => request.includes('demo-viewer')).length).toBeGreaterThan(0);
  await page.evaluate(() => document.querySelector('#two')!.remove());
  await expect.poll(() => leftovers(page), { timeout: 1_000 }).toEqual(before);
  expect((await heard(page)).map(([, name]) => name)).not.toContain('error');
});

test('panels that come and go leave one stream each while they are there @script', async ({ page, embedded }) => {
  const { portal, ids } = embedded;
  portal.body = `<div id="place"></div>`;
  const open = new Set<Request>();
  page.on('request', (request) => request.url().includes('/events/') && open.add(request));
  page.on('requestfailed', (request) => open.delete(request));
  page.on('requestfinished', (request) => open.delete(request));
  await page.goto(portal.url);
  for (let turn = 0; turn < 5; turn++) {
    await page.evaluate((id) => {
      const panel = document.createElement('backstep-panel');
      panel.setAttribute('token', 'demo-viewer');
      panel.setAttribute('deployment', id);
      document.querySelector('#place')!.replaceChildren(panel);
    }, ids['analytics-prod']!);
    await expect(page.locator('backstep-panel').getByRole('heading', { name: 'Deploy History' })).toBeVisible();
    await expect.poll(() => open.size).toBe(1);
  }
  await page.evaluate(() => document.querySelector('#place')!.replaceChildren());
  await expect.poll(() => open.size).toBe(0);
});
