import { told, untilLive } from '../support/deploys';
import { places } from '../support/places';
import { row } from '../support/rows';
import { expect, test } from '../support/visit';

test('without script the button leads to the page @no-js', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  await row(page, 10).getByRole('link', { name: 'Deploy (roll back to #10)' }).click();
  await expect(page).toHaveURL(new RegExp(`/rollback\\?to=10$`));
  await expect(page.getByRole('heading', { level: 1, name: 'Roll back analytics-prod to #10' })).toBeVisible();
});

test('the plan opens over the history; Esc closes it and gives the focus back @script @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  const button = row(page, 10).getByRole('link', { name: 'Deploy (roll back to #10)' });
  await button.focus();
  await button.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Roll back analytics-prod to #10' });
  await expect(dialog).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`${analytics.history}$`));
  await expect(dialog.getByRole('heading', { level: 1 })).toBeFocused();
  // It is modal: what is behind cannot be reached.
  await expect(page.getByRole('link', { name: 'Older deploys' })).toHaveCount(0);
  await page.keyboard.press('Tab');
  expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(button).toBeFocused();
  // It opens again, and for another deploy.
  await row(page, 12).getByRole('link', { name: 'Deploy (roll back to #12)' }).click();
  await expect(page.getByRole('dialog', { name: 'Roll back analytics-prod to #12' })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('it opens from the Live card and from a deploy too @script', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  for (const [address, name] of [
    [analytics.home, 'Roll back to #12…'],
    [analytics.history, 'Roll back to #12…'],
    [analytics.deploy(12), 'Roll back to #12…'],
  ] as const) {
    await visit(address);
    const button = page.getByRole('link', { name, exact: true });
    await button.click();
    await expect(page.getByRole('dialog', { name: 'Roll back analytics-prod to #12' })).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Why' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(button).toBeFocused();
  }
});

test('a new tab has the plan as a page @script', async ({ page, visit, server, context }) => {
  await visit((await places(server, 'analytics-prod')).history);
  const opened = context.waitForEvent('page');
  await row(page, 10).getByRole('link', { name: 'Deploy (roll back to #10)' }).click({ modifiers: ['ControlOrMeta'] });
  const tab = await opened;
  await expect(tab.getByRole('heading', { level: 1, name: 'Roll back analytics-prod to #10' })).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('Enter never rolls back @script', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  const before = await told(server, analytics.id);
  await visit(analytics.history);
  await row(page, 10).getByRole('link', { name: 'Deploy (roll back to #10)' }).click();
  const why = page.getByRole('textbox', { name: 'Why' });
  await why.fill('Everything is filled in');
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(request.url());
  });
  await why.press('Enter');
  await page.getByRole('radio', { name: 'DAGs', exact: true }).press('Enter');
  await page.getByRole('checkbox', { name: 'Hold new deploys' }).press('Enter');
  await page.getByRole('checkbox', { name: 'Mark #13 as rejected' }).press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await expect(why).toHaveValue('Everything is filled in\n');
  expect(sent).toEqual([]);
  expect(await told(server, analytics.id)).toBe(before);
});

test('Ctrl+Enter rolls back when everything is filled in, and not before @script', async ({ page, visit, ownServer }) => {
  const server = await ownServer();
  const analytics = await places(server, 'analytics-prod');
  await visit(`${server.url}${analytics.history}`);
  await row(page, 12).getByRole('link', { name: 'Deploy (roll back to #12)' }).click();
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(new URL(request.url()).pathname);
  });
  const why = page.getByRole('textbox', { name: 'Why' });
  await expect(why).toBeVisible();
  await page.getByRole('radio', { name: 'DAGs', exact: true }).check();
  await page.keyboard.press('Control+Enter');
  await expect(why).toBeFocused();
  expect(sent).toEqual([]);
  await why.fill('Revenue is wrong since #13');
  await why.press('Control+Enter');
  await expect(page).toHaveURL(new RegExp(`${analytics.deploy(14)}$`));
  expect(sent).toEqual(['/ui/roll-back']);
  await expect(page.getByRole('heading', { level: 1, name: 'Deploy #14' })).toBeVisible();
  await untilLive(server, analytics.id, 14);
  await expect(page.locator('.head .status')).toHaveText('Live', { timeout: 15_000 });
  await expect(page.locator('.head .cause')).toHaveText('Rollback (DAGs) of #13 to #12');
});
