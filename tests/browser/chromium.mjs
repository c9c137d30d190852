// A headless Chromium that reaches nothing but this machine, and what went wrong in its pages.
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/** The browser: MAGPIE_CHROMIUM, else Debian's. */
export const EXECUTABLE = process.env.MAGPIE_CHROMIUM ?? '/usr/bin/chromium';
/** What drives it. */
const DRIVER = new URL('node_modules/playwright-core', import.meta.url);

function lacking() {
  if (!existsSync(EXECUTABLE)) return `no Chromium at ${EXECUTABLE}`;
  return existsSync(DRIVER) ? false : 'no playwright-core: run `npm ci` in tests/browser';
}

/** Why tests with a browser are skipped; false where there is one. */
export const missing = lacking();

const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE *.localhost'];
const WAIT_MS = 10_000;

export async function launch() {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
  let taken = 0;
  return {
    close: () => browser.close(),
    /**
     * A page with storage of its own. `faults` collects errors of the page and its console, and requests to other
     * machines than this one.
     */
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, locale: 'en-GB', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(WAIT_MS);
      const faults = [];
      page.on('pageerror', error => faults.push(`page error: ${error.stack ?? error}`));
      page.on('console', it => { if (it.type() === 'error') faults.push(`console: ${it.text()} (${it.location().url})`); });
      page.on('request', it => {
        const { protocol, hostname } = new URL(it.url());
        if (/^(https?|wss?):$/.test(protocol) && hostname !== '127.0.0.1' && !hostname.endsWith('.localhost')) faults.push(`asked ${it.url()}`);
      });
      return { page, faults };
    },
    /** Writes a picture of a page into the folder MAGPIE_SCREENSHOTS, if that is set. */
    async picture(page, name) {
      const folder = process.env.MAGPIE_SCREENSHOTS;
      if (!folder) return;
      mkdirSync(folder, { recursive: true });
      taken += 1;
      await page.screenshot({ path: path.join(folder, `${String(taken).padStart(2, '0')}-${name}.png`) });
    },
  };
}
