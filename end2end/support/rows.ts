import type { Locator, Page } from '@playwright/test';

/** The rows of the Deploy History. */
export function rows(page: Page): Locator {
  return page.locator('.grid--history tbody tr');
}

/** The row of one deploy. */
export function row(page: Page, number: number): Locator {
  return rows(page).filter({ has: page.getByRole('rowheader', { name: `#${number}`, exact: true }) });
}

/** What a row says under one of the column names. */
export function cell(row: Locator, column: string): Locator {
  return row.locator(`[data-label="${column}"]`);
}

/** The numbers of the rows, as `#13`. */
export function numbers(page: Page): Locator {
  return rows(page).getByRole('rowheader');
}

/** `#13`, `#12` ... down to and with the last. */
export function downFrom(first: number, last: number): string[] {
  return Array.from({ length: first - last + 1 }, (_, i) => `#${first - i}`);
}
