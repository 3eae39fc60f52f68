import { places } from '../support/places';
import { expect, test } from '../support/visit';

test('the person is chosen in the header, and the page is shown to them @phone', async ({ page, visit, server, script }) => {
  const analytics = await places(server, 'analytics-prod');
  await visit(analytics.home);
  const chooser = page.getByLabel('Demo person');
  await expect(chooser.locator('option')).toHaveText([
    'Vera (viewer)',
    'Dana (DAGs only)',
    'Imre (images only)',
    'Edda (editor)',
    'Ada (admin)',
  ]);
  await expect(chooser.locator('option:checked')).toHaveText('Ada (admin)');
  await expect(page.getByText('Set a hold', { exact: true })).toBeVisible();
  await chooser.selectOption('Vera (viewer)');
  // With script the choice is enough.
  if (!script) await page.getByRole('button', { name: 'Switch' }).click();
  await expect(page.getByText('Set a hold', { exact: true })).toHaveCount(0);
  await expect(page).toHaveURL(new RegExp(`${analytics.home}$`));
  await expect(page.getByLabel('Demo person').locator('option:checked')).toHaveText('Vera (viewer)');
  await visit('/');
  await expect(page.getByLabel('Demo person').locator('option:checked')).toHaveText('Vera (viewer)');
});
