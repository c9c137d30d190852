// The vendor's chat page (examples/uikit) in two browsers, each as another person. What one does is checked on the other's screen.
// Before: `npm ci && npm run build` in examples/uikit, `npm ci` in tests/browser. Pictures go to the folder MAGPIE_SCREENSHOTS.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Magpie, servePage } from '../../examples/uikit/serve.mjs';
import { launch, missing } from '../browser/chromium.mjs';
import { story } from '../browser/story.mjs';

/** Entries of the menu above the list of conversations. */
const NEW_CHAT = 0;
const NEW_GROUP = 1;

let magpie, page, browser, alice, bob;

/** One person's window. */
class Person {
  constructor(name, { page, faults }) {
    Object.assign(this, { name, page, faults });
  }

  find(selector, ...more) {
    return this.page.locator(selector, ...more);
  }

  /** A message in the open conversation. */
  message(text) {
    return this.find('.message-li', { hasText: text });
  }

  async enter() {
    await this.page.goto(`${page.url}/?user=${this.name}`);
    await this.find('.TUIKit').waitFor();
  }

  async open(conversation) {
    await this.find('.tui-conversation-item', { hasText: conversation }).click();
    await this.find('.chat-header-content', { hasText: conversation }).waitFor();
  }

  async say(text) {
    const editor = this.find('.message-input-editor-area [contenteditable]');
    await editor.click();
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
    await this.message(text).waitFor();
  }

  /** Chooses in the menu above the list of conversations, and whom it is about. */
  async begin(entry, ...people) {
    await this.find('.tui-search-more .more').click();
    await this.find('.tui-search-more-list .list-item').nth(entry).click();
    for (const it of people) await this.find('.transfer .left .transfer-list-item', { hasText: it }).click();
    await this.find('.transfer-right-footer .btn').last().click();
  }

  async act(message, entry) {
    await message.locator('.message-body-content').click({ button: 'right' });
    await this.find('.dialog-item-list .list-item', { hasText: entry }).click();
  }
}

before(async () => {
  if (missing) return;
  magpie = await new Magpie().start();
  const server = magpie.url.replace('http', 'ws');
  page = await servePage(async user => ({ SDKAppID: magpie.SDKAppID, server, userSig: await magpie.userSig(user) }));
  await magpie.invite(page.url);
  browser = await launch();
  alice = new Person('alice', await browser.page());
  bob = new Person('bob', await browser.page());
});

after(async () => {
  await browser?.close();
  page?.close();
  await magpie?.stop();
});

async function failed() {
  for (const it of [alice, bob]) await browser.picture(it.page, `failed-${it.name}`);
}

story('two people use UIKit on Magpie', { skip: missing }, async (step) => {
  await step('both log in', async () => {
    await Promise.all([alice.enter(), bob.enter()]);
  });

  await step('a first message opens the conversation on the other screen, and is unread there', async () => {
    await alice.begin(NEW_CHAT, 'Bob');
    await alice.say('Good morning, Bob');
    const entry = bob.find('.tui-conversation-item', { hasText: 'Alice' });
    await entry.locator('.num', { hasText: '1' }).waitFor();
    assert.match(await entry.innerText(), /Good morning, Bob/);
    await alice.message('Good morning').locator('.message-label.unread').waitFor();
    await browser.picture(bob.page, 'unread');
  });

  await step('reading it is seen by the sender', async () => {
    await bob.open('Alice');
    await bob.message('Good morning, Bob').waitFor();
    await alice.message('Good morning').getByText('Read', { exact: true }).waitFor();
    await bob.find('.tui-conversation-item .num').waitFor({ state: 'detached' });
  });

  await step('an answer arrives', async () => {
    await bob.say('Good morning, Alice');
    await alice.message('Good morning, Alice').waitFor();
    await browser.picture(alice.page, 'one-to-one');
  });

  await step('a picture arrives and can be seen', async () => {
    const [chooser] = await Promise.all([
      alice.page.waitForEvent('filechooser'),
      alice.find('.message-input-toolbar .toolbar-item-container').nth(1).locator('.toolbar-item-container-icon').click(),
    ]);
    const buffer = await alice.page.screenshot({ clip: { x: 0, y: 0, width: 400, height: 240 } });
    await chooser.setFiles({ name: 'window.png', mimeType: 'image/png', buffer });
    const shown = bob.find('.message-li img.message-image');
    await shown.waitFor();
    await bob.page.waitForFunction(() => document.querySelector('img.message-image')?.naturalWidth > 0);
    assert.ok((await shown.getAttribute('src')).startsWith(magpie.url));
    await browser.picture(bob.page, 'picture');
  });

  await step('a recalled message disappears on both screens', async () => {
    await alice.say('this was a mistake');
    await bob.message('this was a mistake').waitFor();
    await alice.act(alice.message('this was a mistake'), 'Recall');
    await bob.find('.message-li .revoke', { hasText: 'Alice' }).waitFor();
    await bob.message('this was a mistake').waitFor({ state: 'detached' });
    await bob.find('.tui-conversation-item', { hasText: /recalled/i }).waitFor();
    await bob.find('.tui-conversation-item .num').waitFor({ state: 'detached' });
    await browser.picture(bob.page, 'recalled');
  });

  await step('a group made in the page is there for its other member, and both talk in it', async () => {
    await alice.begin(NEW_GROUP, 'Bob');
    await alice.find('.group-list-item input').first().fill('Bird watchers');
    await alice.find('.group-profile-footer .btn-submit').click();
    await alice.find('.chat-header-content', { hasText: 'Bird watchers' }).waitFor();
    await alice.say('A magpie at last');
    await bob.open('Bird watchers');
    await bob.find('.message-tip', { hasText: 'Alice' }).waitFor();
    await bob.message('A magpie at last').waitFor();
    await bob.say('Where?');
    await alice.message('Where?').waitFor();
    assert.match(await alice.message('Where?').innerText(), /Bob/);
    await alice.message('A magpie at last').locator('.message-label:not(.unread)').waitFor();
    for (const it of [alice, bob]) await it.find('.tui-conversation-item .num').waitFor({ state: 'detached' });
    await browser.picture(alice.page, 'group-alice');
    await browser.picture(bob.page, 'group-bob');
  });

  await step('everything is there again after a reload', async () => {
    await bob.enter();
    await bob.open('Bird watchers');
    await bob.message('A magpie at last').waitFor();
    await bob.open('Alice');
    await bob.message('Good morning, Bob').waitFor();
    await bob.page.waitForFunction(() => document.querySelector('img.message-image')?.naturalWidth > 0);
    await browser.picture(bob.page, 'reloaded');
  });

  await step('nothing went wrong in the pages, and nothing was asked of other machines', () => {
    assert.deepEqual([...alice.faults, ...bob.faults], []);
  });
}, failed);
