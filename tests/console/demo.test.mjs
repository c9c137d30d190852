// The page of `magpie demo`: what one person does is seen in the other's window. Needs `npm ci` in tests/browser.
// Pictures go to the folder MAGPIE_SCREENSHOTS.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { after, before } from 'node:test';
import { launch, missing } from '../browser/chromium.mjs';
import { story } from '../browser/story.mjs';
import { binary } from '../sdk/server.mjs';

const LINK = /http:\/\/127\.0\.0\.1:\d+\/demo\/#[\w-]+/g;
const START_MS = 20_000;

/** A running demo: what it has printed, and the links in it. */
class Demo {
  #folder = mkdtempSync(path.join(os.tmpdir(), 'magpie-demo-'));
  #waiting = new Set();
  said = '';

  async start() {
    this.child = spawn(binary(), ['demo', '--listen', '127.0.0.1:0', '--data-dir', this.#folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout.on('data', (piece) => {
      this.said += piece;
      for (const it of this.#waiting) it();
    });
    return this;
  }

  /** The link that is printed at this place, counted from 0. */
  link(index) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no link ${index}:\n${this.said}`)), START_MS);
      const look = () => {
        const found = this.said.match(LINK)?.[index];
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async stop() {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

let demo, browser, page, faults, ann, ben;

/** One of the two windows. */
class Person {
  constructor(name) {
    this.window = page.getByRole('region', { name: new RegExp(name) });
  }

  message(text) {
    return this.window.locator('.message', { hasText: text });
  }

  async say(text) {
    await this.window.locator('input').fill(text);
    await this.window.locator('form button').click();
    await this.message(text).waitFor();
  }
}

before(async () => {
  if (missing) return;
  demo = await new Demo().start();
  browser = await launch();
  ({ page, faults } = await browser.page({ colorScheme: 'light' }));
  await page.goto(await demo.link(0));
  [ann, ben] = [new Person('Ann'), new Person('Ben')];
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

story('two people in the page of `magpie demo`', { skip: missing }, async (step) => {
  await step('both are online and see what was said before', async () => {
    await ann.window.locator('.state.online').waitFor();
    await ben.window.locator('.state.online').waitFor();
    await ben.message('this came by REST').waitFor();
    await ann.message('this came over a socket').waitFor();
  });

  await step('a message is unread until the other looks', async () => {
    // What was said before is read first.
    await ben.window.hover();
    await ben.window.locator('header .unread').waitFor({ state: 'detached' });
    await ann.say('How are you, Ben?');
    await ben.message('How are you').waitFor();
    await ben.window.locator('header .unread', { hasText: '1' }).waitFor();
    assert.equal(await ann.message('How are you').locator('.mark.seen').count(), 0);
    await browser.picture(page, 'demo-unread');
    await ben.window.hover();
    await ann.message('How are you').locator('.mark.seen').waitFor();
    await ben.window.locator('header .unread').waitFor({ state: 'detached' });
  });

  await step('typing is seen, then the answer', async () => {
    await ben.window.locator('input').pressSequentially('Fine');
    await ann.window.locator('.typing', { hasText: 'Ben' }).waitFor();
    await browser.picture(page, 'demo-typing');
    await ben.say('Fine, and you?');
    await ann.message('Fine, and you?').waitFor();
    await ann.window.locator('.typing', { hasText: /^$/ }).waitFor({ state: 'attached' });
  });

  await step('a recalled message disappears from both windows', async () => {
    await ann.say('not for you');
    await ben.message('not for you').waitFor();
    await ann.message('not for you').getByRole('button').click();
    await ben.window.locator('.note', { hasText: 'Ann' }).waitFor();
    assert.equal(await page.locator('.message', { hasText: 'not for you' }).count(), 0);
  });

  await step('the same goes in a group', async () => {
    await page.getByRole('tab').nth(1).click();
    await ann.say('Hello everybody');
    await ben.message('Hello everybody').waitFor();
    await ben.window.hover();
    await ann.message('Hello everybody').locator('.mark.seen').waitFor();
    await ben.window.locator('input').pressSequentially('Hi');
    await ann.window.locator('.typing', { hasText: 'Ben' }).waitFor();
    await ben.say('Hi all');
    await ann.message('Hi all').waitFor();
    await ben.message('Hi all').getByRole('button').click();
    await ann.window.locator('.note', { hasText: 'Ben' }).waitFor();
    await browser.picture(page, 'demo-group');
  });

  await step('a reload keeps both logged in and shows what was said', async () => {
    await page.reload();
    await ben.message('Fine, and you?').waitFor();
    await page.getByRole('tab').nth(1).click();
    await ann.message('Hello everybody').waitFor();
    await page.getByRole('tab').nth(0).click();
    const said = await ann.window.locator('.message p').allInnerTexts();
    assert.equal(said.length, 4);
    assert.deepEqual(await ben.window.locator('.message p').allInnerTexts(), said);
  });

  await step('the page is in Chinese and dark when that is asked for', async () => {
    await page.locator('.top .plain').nth(0).click();
    await page.locator('.top .plain').nth(1).click();
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    assert.equal(await page.locator('html').getAttribute('theme-mode'), 'dark');
    await page.getByText('单聊').click();
    await browser.picture(page, 'demo-chinese-dark');
  });

  await step('the link works once, and the terminal shows the next one', async () => {
    const other = await browser.page();
    await other.page.goto(await demo.link(0));
    await other.page.getByRole('alert').waitFor();
    assert.equal(await other.page.locator('.window').count(), 0);
    await other.page.goto('about:blank');
    await other.page.goto(await demo.link(1));
    await other.page.locator('.state.online').nth(1).waitFor();
    assert.deepEqual(other.faults.filter((it) => !it.includes('403')), []);
  });

  await step('nothing went wrong in the page, and nothing was asked of other machines', () => {
    assert.deepEqual(faults, []);
  });
}, () => browser.picture(page, 'demo-failed'));
