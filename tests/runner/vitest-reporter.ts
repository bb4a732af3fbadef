/**
 * Writes what failed in the unit tests for the end of the test command. Beside tests that failed it names
 * what Vitest's own JSON leaves out: files that could not be read, hooks that broke, errors outside any test.
 */
import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import type { Failure, Report } from './summary.mjs';

const said = (errors: readonly Pick<SerializedError, 'message' | 'stack'>[] | undefined): string =>
  (errors ?? []).map(({ message, stack }) => stack ?? message).join('\n');

export default class implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    const failures: Failure[] = [];
    for (const module of modules) {
      const part = module.relativeModuleId;
      const own = module.errors();
      if (own.length > 0) failures.push({ part, name: '(the file itself)', error: said(own) });
      for (const suite of module.children.allSuites())
        if (suite.errors().length > 0) failures.push({ part, name: suite.fullName, error: said(suite.errors()) });
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed') passed++;
        if (state === 'failed') failures.push({ part, name: test.fullName, error: said(errors) });
      }
    }
    for (const error of unhandled) failures.push({ part: 'unit tests', name: '(outside any test)', error: said([error]) });
    const report: Report = { passed, failures };
    writeFileSync(process.env.CHAINRULE_TEST_REPORT!, JSON.stringify(report));
  }
}
