import { expect, type Locator, type Page } from '@playwright/test';
import type { Installation } from './installation';

/** What a person fills in before a rollback. Left out: as the page proposes it. */
export type Wishes = { scope?: 'Image' | 'DAGs' | 'Image and DAGs'; why: string; hold?: boolean; reject?: boolean };

export async function signIn(page: Page, { server }: Installation): Promise<void> {
  await page.goto(`${server.url}/sign-in`);
  await page.getByLabel('Token').fill(server.adminToken);
  await page.getByRole('button', { name: 'Sign in with the token' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Deployments' })).toBeVisible();
}

/** Waits until script has taken the page over: before, a click does what it does without script. */
export const ready = (page: Page): Promise<void> => page.locator('html[data-ready="true"]').waitFor();

export const historyAddress = ({ server, id }: Installation): string => `${server.url}/deployments/${id}/history`;
export const deployAddress = ({ server, id }: Installation, number: number): string =>
  `${server.url}/deployments/${id}/deploys/${number}`;
export const rollbackAddress = ({ server, id }: Installation, to: number): string =>
  `${server.url}/deployments/${id}/rollback?to=${to}`;

/** A deploy's row in the Deploy History. */
export const historyRow = (page: Page, number: number): Locator =>
  page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: `#${number}`, exact: true }) });

/** Opens the plan the way a person does: from the history a dialog with script, a page without. */
export async function openPlan(page: Page, script: boolean, installation: Installation, to: number): Promise<Locator> {
  await page.goto(historyAddress(installation));
  if (script) await ready(page);
  await historyRow(page, to).getByRole('link', { name: `Deploy (roll back to #${to})` }).click();
  const plan = script ? page.getByRole('dialog') : page.getByRole('main');
  await expect(plan.getByRole('heading', { level: 1 })).toContainText(`${installation.name} to #${to}`);
  return plan;
}

/** Opens the plan as the page that a link leads to. */
export async function openPlanPage(page: Page, script: boolean, installation: Installation, to: number): Promise<Locator> {
  await page.goto(rollbackAddress(installation, to));
  if (script) await ready(page);
  return page.getByRole('main');
}

export async function fillIn(plan: Locator, { scope, why, hold, reject }: Wishes): Promise<void> {
  if (scope) await plan.getByRole('radio', { name: scope, exact: true }).check();
  if (hold !== undefined) await plan.getByRole('checkbox', { name: 'Hold new deploys' }).setChecked(hold);
  if (reject !== undefined) await plan.getByRole('checkbox', { name: /^Mark #\d+ as rejected$/ }).setChecked(reject);
  await plan.getByLabel('Why', { exact: true }).fill(why);
}

/** The button that says what it does. */
export const goButton = (plan: Locator): Locator => plan.getByRole('button', { name: /^Roll (back|forward) \S+ to #\d+$/ });

/** The rollout of the deploy that the page shows. */
export const rollout = (page: Page): Locator => page.getByRole('region', { name: /^Rollout of #\d+$/ });

/** Waits until the rollout shows a status: it fills in by itself with script, and is refreshed without. */
export async function untilShown(page: Page, script: boolean, status: string): Promise<void> {
  const state = rollout(page).locator('.rollout__state');
  if (script) return expect(state).toHaveText(status, { timeout: 30_000 });
  const refresh = rollout(page).getByRole('link', { name: 'Refresh' });
  await expect(async () => {
    if (await refresh.isVisible()) await refresh.click();
    await expect(state).toHaveText(status, { timeout: 250 });
  }).toPass({ timeout: 30_000 });
}

/** Rolls back in the browser from the plan's opening to its end; `number` is the number that the new deploy gets. */
export async function rollBack(
  page: Page,
  script: boolean,
  installation: Installation,
  to: number,
  number: number,
  wishes: Wishes,
): Promise<void> {
  const plan = await openPlan(page, script, installation, to);
  await fillIn(plan, wishes);
  await goButton(plan).click();
  await page.waitForURL(deployAddress(installation, number));
  await untilShown(page, script, 'Live');
}
