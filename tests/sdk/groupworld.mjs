// What the tests of messages in groups and of their conversations share: three pages and their groups.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { textBody } from './client.mjs';
import { until } from './poll.mjs';

export const groupOf = id => `GROUP${id}`;
/** Most messages that one call of getMessageList may bring. */
export const PAGE_MAX = 21;
/** More than two pages of them. */
export const COUNT = 45;

/** A page of alice and two of bob in `world`, and what they do; the pages are there from the first test on. */
export function groupPages(world) {
  const pages = {};
  before(async () => {
    await world.server.ok('im_open_login_svc/account_import', { UserID: 'alice', Nick: 'Alice', FaceUrl: 'https://cdn.example/a.png' });
    await world.server.import('bob', 'carol', 'dave', 'erin');
    pages.alice = await world.open('alice');
    pages.bob = await world.open('bob');
    pages.second = await world.open('bob');
  });

  let groups = 0;
  const opened = [];
  /** A page of the user that was never open before; the one that this gave before is closed. */
  async function fresh(user) {
    const old = opened.pop();
    if (old) {
      // What it still asks would be refused after the logout, and nobody would be there to hear it.
      await old.quiet();
      await old.chat.logout();
      old.page.close();
    }
    opened.push(await world.open(user));
    return opened[0];
  }

  /** A new group with alice as its owner, which the pages of its members know. */
  async function group(members = ['bob'], more = {}) {
    const id = `group${groups += 1}`;
    // Who is added is told; the owner is not, for a page knows what it made itself.
    const told = (members.includes('bob') ? [pages.bob, pages.second] : []).map(page =>
      page.wait('GROUP_LIST_UPDATED', list => list.some(it => it.groupID === id), { from: page.mark() }));
    await world.server.ok('group_open_http_svc/create_group', {
      Type: 'Public', GroupId: id, Name: `Group ${groups}`, Owner_Account: 'alice',
      MemberList: members.map(it => ({ Member_Account: it })), ...more,
    });
    await Promise.all(told);
    return id;
  }

  const compose = (page, kind, id, payload, more = {}) =>
    page.compose(kind, id, payload, { conversationType: page.SDK.TYPES.CONV_GROUP, ...more });
  const sendText = (page, id, text, more) => page.send(compose(page, 'Text', id, { text }, more));
  const byBackend = (id, from, text, more = {}) => world.server.ok('group_open_http_svc/send_group_msg', {
    GroupId: id, From_Account: from, Random: Math.floor(Math.random() * 2 ** 32), MsgBody: textBody(text), ...more,
  });
  const conversation = async (page, id) =>
    (await page.conversations()).find(it => it.conversationID === groupOf(id));
  const unread = (page, id, count) => until(`${page.user} has ${count} unread in ${id}`, async () =>
    ((await conversation(page, id))?.unreadCount ?? 0) === count);
  const history = async (page, id, nextReqMessageID) =>
    (await page.chat.getMessageList({ conversationID: groupOf(id), nextReqMessageID })).data;

  /** A text from alice, as alice and bob hold it. */
  async function exchange(id, text, more) {
    const from = pages.bob.mark();
    const sent = await sendText(pages.alice, id, text, more);
    return { sent, got: await pages.bob.messageWithText(text, { from }) };
  }

  /** The whole history from the newest page to the oldest, in the order of time. */
  async function readBack(page, id) {
    const parts = [];
    let next;
    for (;;) {
      const { messageList, nextReqMessageID, isCompleted } = await history(page, id, next);
      assert.ok(messageList.length <= PAGE_MAX, `${messageList.length} on one page`);
      parts.unshift(messageList);
      if (isCompleted || parts.length > COUNT) return parts.flat();
      next = nextReqMessageID;
    }
  }

  return { pages, fresh, group, compose, sendText, byBackend, conversation, unread, history, exchange, readBack };
}
