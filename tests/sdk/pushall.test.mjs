// Pushes to all users, as pages see them. spec/concepts/push-to-all-users.md, spec/client/commands/openim.getmsg.yaml.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c, textBody } from './client.mjs';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const SECONDS_KEPT = 600;
const OUTAGE_MS = 20_000;
/** The telemetry report of the SDK is what makes it try again after an outage; by default it comes once a minute. */
const SETTINGS = {
  'cloud.keys': { evt_rpt_waiting: '1000' },
  'push_all.min_interval_seconds': 0,
  'login.max_web_instances': 3,
};

forEachSdk('Push to all users', world => {
  let pushed = 0;
  before(async () => {
    await world.server.import('news', 'sport', 'absent', 'late');
  });

  /** Pushes a text, kept for a time unless `more` says otherwise. */
  function push(text, more = {}) {
    const task = { From_Account: 'news', MsgRandom: pushed += 1, MsgLifeTime: SECONDS_KEPT, MsgBody: textBody(text) };
    return world.server.ok('all_member_push/im_push', { ...task, ...more });
  }

  const tag = (user, ...Tags) =>
    world.server.ok('all_member_push/im_add_tag', { UserTags: [{ To_Account: user, Tags }] });

  const texts = (page, from) => page.received(from).map(it => it.payload.text);

  /** What the page shows of the conversation with `news`: the unread count and the last message. */
  async function shown(page) {
    const found = await page.conversation('news');
    return found && [found.unreadCount, found.lastMessage.messageForShow];
  }

  test('of two pages the one with the tag gets it, as an unread message of the sender', async () => {
    const ann = await world.open('ann');
    const bob = await world.open('bob');
    await tag('ann', 'stockA');
    await tag('bob', 'stockB');
    await push('for holders of A', { Condition: { TagsOr: ['stockA', 'stockC'] } });
    await push('for all');
    const got = await ann.messageWithText('for holders of A');
    assert.deepEqual([got.from, got.to, got.conversationID], ['news', 'ann', c2c('news')]);
    await ann.messageWithText('for all');
    await bob.messageWithText('for all');
    assert.deepEqual(texts(bob), ['for all']);
    await ann.unread('news', 2);
    await bob.unread('news', 1);
    assert.deepEqual(await shown(ann), [2, 'for all']);
  });

  test('who was absent finds it after each login, once, until it is read', async () => {
    await push('while away');
    for (const times of ['first', 'second']) {
      const page = await world.open('absent');
      await page.unread('news', 2);
      assert.deepEqual(await shown(page), [2, 'while away'], `at the ${times} login`);
      assert.deepEqual((await page.history('news')).messageList.map(it => it.payload.text), ['for all', 'while away']);
      assert.deepEqual(await shown(page), [2, 'while away']);
      await page.chat.logout();
    }
    const reader = await world.open('absent');
    await reader.unread('news', 2);
    await reader.chat.setMessageRead({ conversationID: c2c('news') });
    await until('it is read', async () => {
      const { C2CUnreadMsgNumList } = await world.server.ok('openim/get_c2c_unread_msg_num', {
        To_Account: 'absent',
        Peer_Account: ['news'],
      });
      return C2CUnreadMsgNumList[0].C2CUnreadMsgNum === 0;
    });
    const again = await world.open('absent');
    await again.quiet();
    assert.equal(await shown(again), undefined);
  });

  test('one that is not kept is only for who is online, and leaves nothing behind', async () => {
    const carol = await world.open('carol');
    const from = carol.mark();
    await push('now or never', { From_Account: 'sport', MsgLifeTime: 0 });
    await push('after it', { From_Account: 'sport' });
    await carol.messageWithText('after it', { from });
    assert.deepEqual(texts(carol, from), ['now or never', 'after it']);
    await carol.unread('sport', 1);
    const late = await world.open('late');
    await late.unread('sport', 1);
    const { lastMessage } = await late.conversation('sport');
    assert.equal(lastMessage.messageForShow, 'after it');
  });

  test('one that was acknowledged survives a crash, and is announced once', async () => {
    const dave = await world.open('dave');
    await dave.quiet();
    const from = dave.mark();
    await push('before the crash');
    await world.server.kill9();
    await world.server.serve();
    await until('dave is told', () => texts(dave, from).includes('before the crash'), OUTAGE_MS);
    await dave.quiet();
    assert.deepEqual(texts(dave, from), ['before the crash']);
    const late = await world.open('late');
    await late.unread('news', 3);
    assert.deepEqual(await shown(late), [3, 'before the crash']);
  });
}, { settings: SETTINGS });
