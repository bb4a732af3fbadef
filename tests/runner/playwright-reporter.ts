/** Writes what failed in the end-to-end tests for the end of the test command. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { FullConfig, Reporter, Suite, TestError } from '@playwright/test/reporter';
import type { Failure, Report } from './summary.mjs';

const said = (errors: readonly TestError[]): string =>
  errors.map(({ message, stack, value }) => stack ?? message ?? value ?? '').join('\n');

export default class implements Reporter {
  #all: Suite | null = null;
  readonly #outside: TestError[] = [];

  onBegin(_config: FullConfig, all: Suite): void {
    this.#all = all;
  }

  onError(error: TestError): void {
    this.#outside.push(error);
  }

  onEnd(): void {
    let passed = 0;
    const failures: Failure[] = this.#outside.map((error) => ({
      part: 'end-to-end tests',
      name: '(outside any test)',
      error: said([error]),
    }));
    for (const test of this.#all?.allTests() ?? []) {
      const outcome = test.outcome();
      if (outcome === 'expected') passed++;
      if (outcome === 'unexpected' || outcome === 'flaky')
        failures.push({
          part: relative('.', test.location.file),
          name: test.titlePath().slice(3).join(' › '),
          error: said(test.results.flatMap((result) => result.errors)),
        });
    }
    const report: Report = { passed, failures };
    writeFileSync(process.env.CHAINRULE_TEST_REPORT!, JSON.stringify(report));
  }

  printsToStdio(): boolean {
    return false;
  }
}
