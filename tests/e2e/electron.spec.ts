/**
 * The desktop program in the real Electron: it opens, shows its welcome view, is isolated, reaches main,
 * and closes. Runs where Electron's runtime is on the machine and there is a display (or xvfb).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { _electron, expect, test } from '@playwright/test';

/** Where Electron's package unpacked its runtime; asking the package itself would fetch it. */
function runtime(): string | null {
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const name = join(folder, 'path.txt');
  if (!existsSync(name)) return null;
  const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), readFileSync(name, 'utf8').trim());
  return existsSync(path) ? path : null;
}

const electron = runtime();
const display = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
test.skip(electron === null, "Electron's runtime is not on this machine, so the real desktop program was not tried.");
test.skip(!display, 'There is no display, so the real desktop program was not tried.');

test('the desktop program opens its window, isolated and connected', async () => {
  const home = mkdtempSync(join(tmpdir(), 'chainrule-electron-'));
  const app = await _electron.launch({
    executablePath: electron!,
    // Containers have no setuid sandbox helper; users' machines do.
    args: ['.', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...(process.env as Record<string, string>), CHAINRULE_HOME: home },
  });
  try {
    const page = await app.firstWindow();
    await expect(page.getByText('New from data').first()).toBeVisible();
    await expect(page.getByText('Spiral').first()).toBeVisible();
    expect(
      await page.evaluate(() => ({
        url: location.href,
        isolated: crossOriginIsolated,
        node: 'require' in globalThis || 'process' in globalThis,
      })),
    ).toEqual({
      url: 'chainrule://app/index.html',
      isolated: true,
      node: false,
    });
    expect(await app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items.map((item) => item.label))).toEqual(
      expect.arrayContaining(['File', 'Edit']),
    );
    await page.getByText('Spiral').first().click();
    await page.getByRole('button', { name: 'Train' }).first().click();
    await expect(page.getByText('Pause').first()).toBeVisible();
  } finally {
    // Past the question about unsaved work, which has a test of its own.
    await app.evaluate(({ app: program }) => program.exit(0)).catch(() => undefined);
    rmSync(home, { recursive: true, force: true });
  }
});
