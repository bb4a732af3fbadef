import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/** Debian's Chromium, or Playwright's own where there is none. WebGPU runs in software (SwiftShader). */
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  timeout: 180_000,
  // Each test has a server, a home and a page of its own; two at once use both cores while one of them waits.
  workers: 2,
  expect: { timeout: 20_000 },
  reporter: 'list',
  // What measures time is run by itself.
  projects: [
    { name: 'together', testIgnore: 'start.spec.ts' },
    { name: 'alone', testMatch: 'start.spec.ts' },
  ],
  use: {
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    actionTimeout: 30_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      args: [
        '--no-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
