import type { Locator } from '@playwright/test';
import { fillIn } from '../support/acting';
import { expectAccessible } from '../support/axe';
import { test } from '../support/embedded-test';
import { expect } from '../support/test';

const background = (place: Locator): Promise<string> => place.evaluate((element) => getComputedStyle(element).backgroundColor);
const LIGHT = 'rgb(245, 246, 248)';
const DARK = 'rgb(15, 19, 23)';

test('its theme is the attribute’s, else that of the page around it @script', async ({ page, embedded }) => {
  const { portal, ids } = embedded;
  const panel = (id: string, more: string) => `<backstep-panel id="${id}" token="demo-viewer" deployment="${ids['analytics-prod']}" ${more}></backstep-panel>`;
  portal.css = 'html { color-scheme: light dark; } #inside { color-scheme: dark; }';
  portal.body = `${panel('left', '')} ${panel('light', 'theme="light"')} ${panel('dark', 'theme="dark"')}`;
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(portal.url);
  const [left, light, dark] = ['#left', '#light', '#dark'].map((id) => page.locator(`${id} .host`)) as [Locator, Locator, Locator];
  for (const host of [left, light, dark]) await expect(host.getByRole('heading', { name: 'Deploy History' })).toBeVisible();
  expect([await background(left), await background(light), await background(dark)]).toEqual([LIGHT, LIGHT, DARK]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect([await background(left), await background(light), await background(dark)]).toEqual([DARK, LIGHT, DARK]);
  await page.locator('#dark').evaluate((element) => element.setAttribute('theme', 'light'));
  expect(await background(dark)).toBe(LIGHT);
  // The dialog is drawn over the whole page, and is still the panel's.
  await page.locator('#light').getByRole('link', { name: 'Deploy (roll back to #10)' }).click();
  expect(await background(page.locator('#light').getByRole('dialog'))).toBe(LIGHT);
});

for (const theme of ['', 'light', 'dark']) {
  test(`panel, dialog and progress pass axe, theme "${theme}" @script`, async ({ page, embedded }) => {
    test.slow();
    const { portal, ids } = embedded;
    portal.css = 'html { color-scheme: light dark; }';
    portal.body = `<backstep-panel id="one" token="demo-editor" deployment="${ids['analytics-prod']}" ${theme && `theme="${theme}"`}></backstep-panel>`;
    await page.goto(portal.url);
    const panel = page.locator('#one');
    await expect(panel.getByRole('heading', { name: 'Deploy History' })).toBeVisible();
    await expectAccessible(page);
    await panel.getByRole('link', { name: 'Roll back… (roll back to #12)' }).click();
    const plan = panel.getByRole('dialog');
    await fillIn(plan, { scope: 'DAGs', why: 'Revenue is counted twice' });
    await expectAccessible(page);
    await plan.getByRole('button', { name: 'Roll back analytics-prod to #12' }).click();
    await expect(panel.getByRole('region', { name: 'Rollout of #14' }).locator('.rollout__state')).toHaveText('Live');
    await expectAccessible(page);
  });
}
