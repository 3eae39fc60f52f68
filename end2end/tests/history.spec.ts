import { recordImage, image } from '../support/deploys';
import { places } from '../support/places';
import { rest } from '../support/rest';
import { cell, downFrom, numbers, row, rows } from '../support/rows';
import { expect, test } from '../support/visit';

test('every deploy has its row, newest first, under the names of the columns', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).history);
  await expect(page).toHaveTitle('Deploy History of analytics-prod · Backstep');
  await expect(page.getByRole('columnheader')).toHaveText([
    'Deploy',
    'From',
    'To',
    'When',
    'Kind',
    'Image',
    'Runtime',
    'DAG bundle',
    'Description',
    'By',
    'Active for',
    'Status',
    'Roll back to',
  ]);
  await expect(numbers(page)).toHaveText(downFrom(13, 1));
  const ten = row(page, 10);
  await expect(cell(ten, 'When').locator('time')).toHaveAttribute('datetime', /Z$/);
  await expect(cell(ten, 'Kind')).toHaveText('DAGs');
  await expect(cell(ten, 'Image')).toHaveText('2026.10.1');
  await expect(cell(ten, 'Runtime')).toHaveText('12.9.0');
  await expect(cell(ten, 'DAG bundle')).toHaveText(/^[0-9a-f]{12}$/);
  await expect(cell(ten, 'Description')).toHaveText('SQL of customer_360 in its own file');
  await expect(cell(ten, 'By')).toHaveText('CI pipeline');
  await expect(cell(ten, 'Active for')).toHaveText(/^17 d( \d+ h)?$|^16 d 23 h$/);
});

test('the Live card is on top of the history @phone', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).history);
  const live = page.getByRole('region', { name: 'Live', exact: true });
  await expect(live).toContainText('#13');
  await expect(live).toContainText('CI pipeline');
  const [card, table] = await Promise.all([live.boundingBox(), page.locator('.grid--history').boundingBox()]);
  expect(card!.y + card!.height).toBeLessThan(table!.y);
});

test('status and flags are words', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).history);
  const status = (number: number) => cell(row(page, number), 'Status').locator('.status');
  const flags = (number: number) => cell(row(page, number), 'Status').locator('.flag');
  await expect(status(13)).toHaveText('Live');
  await expect(status(12)).toHaveText('Superseded');
  await expect(status(11)).toHaveText('Cancelled');
  await expect(status(6)).toHaveText('Failed');
  for (const number of [13, 11, 6]) await expect(status(number).locator('svg')).toBeVisible();
  await expect(flags(3)).toHaveText(['Rejected', 'Expired', 'Runtime restricted']);
  await expect(flags(3).last()).toHaveAttribute('title', 'db migration issues when you have running triggers');
  await expect(flags(5)).toHaveCount(0);
  await expect(cell(row(page, 6), 'Active for')).toHaveText('never live');
});

test('a rollback says of what, to what, and which part', async ({ page, visit, server }) => {
  await visit((await places(server, 'analytics-prod')).history);
  const four = cell(row(page, 4), 'Description');
  await expect(four.locator('.cause')).toHaveText('Rollback (image) of #3 to #1');
  await expect(four).toContainText('Triggers crash since the image deploy, INC-2207');
  await expect(page.locator('.cause')).toHaveCount(1);
});

test('a deploy that cannot be rolled back to is disabled and says why @phone', async ({ page, visit, server }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.history);
  const why: Record<number, [string, string]> = {
    13: ['Live now', '#13 is live: it is what runs now. Choose an earlier deploy.'],
    11: ['Never succeeded', '#11 never ran: its rollout did not succeed. Choose a deploy that did.'],
    2: [
      'Outside the window',
      '#2 is outside the rollback window of 90 days: it was neither created nor live within it. Choose a newer deploy, or deploy this code again.',
    ],
  };
  for (const [number, [short, long]] of Object.entries(why)) {
    const action = cell(row(page, Number(number)), 'Roll back to');
    const button = action.getByRole('button', { name: `Deploy (roll back to #${number})` });
    await expect(button).toHaveAttribute('aria-disabled', 'true');
    await expect(button).toHaveAccessibleDescription(long);
    await expect(action.locator('summary')).toContainText(short);
    await action.locator('summary').click();
    await expect(action.getByText(long)).toBeVisible();
    // It can be reached, and does nothing.
    await button.focus();
    await button.press('Enter');
    await expect(page).toHaveURL(new RegExp(`${analytics.history}$`));
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  for (const number of [12, 10, 9, 8, 7, 5]) {
    const way = row(page, number).getByRole('link', { name: `Deploy (roll back to #${number})` });
    await expect(way).toHaveAttribute('href', analytics.rollback(number));
  }
  await expect(page.getByRole('link', { name: /roll back to #/ })).toHaveCount(6);
});

test('where DAGs do not come as a bundle, the history says where they are', async ({ page, visit, server }) => {
  await visit((await places(server, 'billing-prod')).history);
  await expect(cell(row(page, 6), 'DAG bundle')).toHaveText('in the image');
  await visit((await places(server, 'ml-features')).history);
  await expect(cell(row(page, 3), 'DAG bundle')).toHaveText('from git');
});

test.describe('more deploys than fit on a page', () => {
  test('lead to older ones and back @phone', async ({ page, visit, ownServer }) => {
    const server = await ownServer();
    const features = await places(server, 'ml-features');
    // Held ones are recorded at once: nothing has to be rolled out for this.
    await rest(server, 'POST', `deployments/${features.id}/hold`, { why: 'A long history' });
    for (let i = 4; i <= 53; i++) {
      await recordImage(server, features.id, { image: image('ml', `0.${i}`), runtimeVersion: '3.2-6', description: `Deploy ${i}` });
    }
    await visit(`${server.url}${features.history}`);
    await expect(numbers(page)).toHaveText(downFrom(53, 4));
    await expect(page.getByRole('link', { name: 'Newest deploys' })).toHaveCount(0);
    await page.getByRole('link', { name: 'Older deploys' }).click();
    await expect(page).toHaveURL(/\?before=4$/);
    await expect(numbers(page)).toHaveText(downFrom(3, 1));
    await expect(page.getByRole('link', { name: 'Older deploys' })).toHaveCount(0);

    await page.goBack();
    await expect(rows(page)).toHaveCount(50);
    await page.goForward();
    await expect(rows(page)).toHaveCount(3);
    await page.getByRole('link', { name: 'Newest deploys' }).click();
    await expect(numbers(page).first()).toHaveText('#53');

    // A filter holds on the older page too.
    await visit(`${server.url}${features.history}?status=held`);
    await expect(numbers(page)).toHaveText(downFrom(53, 4));
    await expect(page.getByRole('link', { name: 'Older deploys' })).toHaveCount(0);
    await visit(`${server.url}${features.history}?before=1`);
    await expect(page.getByRole('heading', { name: 'No older deploys' })).toBeVisible();
  });
});
