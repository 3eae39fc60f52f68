import { expect, type BrowserContext } from '@playwright/test';

/** Watches every page of a context: an error in the console, a hydration warning or an uncaught exception fails the test. */
export class ConsoleGuard {
  readonly #problems: string[] = [];
  readonly #allowed: RegExp[] = [];

  constructor(context: BrowserContext) {
    context.on('console', (message) => {
      const text = `${message.type()}: ${message.text()} (${message.location().url})`;
      if (message.type() === 'error' || /hydrat|unreachable|mismatch/i.test(message.text())) this.#problems.push(text);
    });
    context.on('weberror', (error) => this.#problems.push(`uncaught: ${error.error().stack ?? error.error()}`));
  }

  /** A message that this test provokes: Chromium reports every response of 400 and above as an error, for example. */
  allow(pattern: RegExp): void {
    this.#allowed.push(pattern);
  }

  /** What was seen and is not allowed. */
  problems(): string[] {
    return this.#problems.filter((problem) => !this.#allowed.some((pattern) => pattern.test(problem)));
  }

  /** Fails if anything was seen that is not allowed. */
  check(): void {
    expect(this.problems(), 'the browser console').toEqual([]);
  }
}
