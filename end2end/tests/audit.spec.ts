import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe';
import { expect, test, type Server } from '../support/test';

const rows = (page: Page) => page.locator('.grid--audit tbody tr');
/** So many Workspaces more, and as many entries. */
async function makeWorkspaces(server: Server, names: string[]): Promise<void> {
  for (const name of names) {
    const made = await fetch(`${server.url}/api/v1/workspaces`, {
      method: 'POST',
      headers: { authorization: 'Bearer demo-admin', 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    expect(made.status).toBe(201);
  }
}
const cell = (page: Page, n: number, name: string) => rows(page).nth(n).locator(`[data-label="${name}"]`);

test('the menu leads to the audit log, newest entry first', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('navigation', { name: 'Installation' }).getByRole('link', { name: 'Audit' }).click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Audit');
  await expect(page).toHaveTitle('Audit · Backstep');
  await expect(page.getByRole('columnheader')).toHaveText(['When', 'Who', 'What', 'Where', 'Detail', 'From', 'Seal']);
  await expect(rows(page).first()).toBeVisible();
  const times = await page.locator('.grid--audit time').evaluateAll((all) => all.map((time) => time.getAttribute('datetime')!));
  expect(times).toEqual([...times].sort().reverse());
  await expect(cell(page, 0, 'When')).toHaveText(/^\d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC$/);
});

test('a filter stands in the address and leaves what it says', async ({ page }) => {
  await page.goto('/audit');
  await page.getByLabel('What').selectOption({ label: 'Rollback recorded' });
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/action=rollback\.recorded/);
  const all = page.locator('.grid--audit [data-label="What"]');
  await expect(all.first()).toContainText('rollback.recorded');
  for (const text of await all.allTextContents()) expect(text).toContain('Rollback recorded');
  await page.getByRole('link', { name: 'Show everything' }).first().click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(all.filter({ hasText: 'deploy.recorded' }).first()).toBeVisible();
});

test('pages follow each other', async ({ page, server }) => {
  await makeWorkspaces(server, Array.from({ length: 51 }, (_, n) => `page ${Date.now()} ${n}`));
  await page.goto('/audit');
  await expect(rows(page)).toHaveCount(50);
  const first = await cell(page, 49, 'Detail').textContent();
  await page.getByRole('link', { name: 'Older entries' }).click();
  await expect(page).toHaveURL(/before=\d+/);
  await expect(page.getByRole('link', { name: 'Newest entries' })).toBeVisible();
  await expect(cell(page, 0, 'Detail')).not.toHaveText(first!);
  await page.getByRole('link', { name: 'Newest entries' }).click();
  await expect(cell(page, 49, 'Detail')).toHaveText(first!);
});

test('a Deployment leads to its part of the log', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'analytics-prod' }).first().click();
  await page.getByRole('navigation', { name: 'Of this Deployment' }).getByRole('link', { name: 'Audit' }).click();
  await expect(page).toHaveURL(/\/audit\?place=deployment:/);
  await expect(page.getByLabel('Where')).toHaveValue(/^deployment:/);
  for (const text of await page.locator('.grid--audit [data-label="Where"]').allTextContents()) {
    expect(text).toContain('analytics-prod');
  }
});

test('a search that finds nothing says so', async ({ page }) => {
  await page.goto('/audit?text=no-such-entry-anywhere');
  await expect(page.getByRole('heading', { name: 'No entry' })).toBeVisible();
  await expect(rows(page)).toHaveCount(0);
});

test('what is done is there, sealed, and characters that deceive are shown', async ({ page, server }) => {
  const name = `odd ${Date.now()} \u202egpj.exe`;
  await makeWorkspaces(server, [name]);
  await page.goto('/audit?action=workspace.created');
  await expect(cell(page, 0, 'Detail')).toHaveText(name.replace('\u202e', '\\u{202e}'));
  await expect(async () => {
    await page.reload();
    await expect(cell(page, 0, 'Seal')).toHaveText(/^#\d+$/);
  }).toPass({ timeout: 5_000 });
  await expect(page.getByText(/^Sealed up to #\d+/)).toBeVisible();
});

test('the log is taken out as the page filters it', async ({ page }) => {
  await page.goto('/audit?action=rollback.recorded');
  const shown = await rows(page).count();
  for (const [link, lines] of [['CSV', shown + 1], ['JSON lines', shown]] as const) {
    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: link }).click();
    const text = await readFile(await (await waiting).path(), 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(lines);
  }
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'checkpoint' }).click();
  const checkpoint = JSON.parse(await readFile(await (await waiting).path(), 'utf8'));
  expect(checkpoint.seq).toBeGreaterThan(shown);
  await page.goto('/audit?action=audit.exported');
  await expect(cell(page, 0, 'Detail')).toContainText('action rollback.recorded');
});

test('who may not read it gets neither link nor page', async ({ page, consoleGuard, script }) => {
  consoleGuard.allow(/403/);
  await page.goto('/');
  await page.getByLabel('Demo person').selectOption({ label: 'Vera (viewer)' });
  if (!script) await page.getByRole('button', { name: 'Switch' }).click();
  await expect(page.getByLabel('Demo person')).toHaveValue(/viewer/);
  await expect(page.getByRole('link', { name: 'Audit' })).toHaveCount(0);
  const answer = await page.goto('/audit');
  expect(answer!.status()).toBe(403);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No permission');
});

test('the page is accessible @script @phone', async ({ page }) => {
  await page.goto('/audit');
  await expect(rows(page).first()).toBeVisible();
  await expectAccessible(page);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(content).toBeLessThanOrEqual(window);
});
