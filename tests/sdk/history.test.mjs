// History, unread counts and read marks. spec/client/commands/openim.getroammsg.yaml, openim.getmsg.yaml, openim.msgreaded.yaml.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c, textBody } from './client.mjs';
import { nextSecond } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const COUNT = 55;
/** Most messages that one call of getMessageList may bring. */
const PAGE_MAX = 20;

/** The whole history from newest page to oldest, as one list in the order of time. */
async function readBack(page, peer) {
  const pages = [];
  let next;
  do {
    const { messageList, nextReqMessageID, isCompleted } = await page.history(peer, next);
    assert.ok(messageList.length <= PAGE_MAX);
    assert.ok(messageList.length > 0 || isCompleted, 'an empty page is the last one');
    pages.unshift(messageList);
    next = nextReqMessageID;
    if (isCompleted) break;
  } while (pages.length < COUNT);
  return { list: pages.flat(), pages: pages.length };
}

forEachSdk('History', world => {
  const talk = Array.from({ length: COUNT }, (_, n) => ({ text: `message ${n}`, byAlice: n % 3 !== 0 }));

  before(async () => {
    await world.server.import('alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'gina', 'hugo');
    for (const { text, byAlice } of talk) {
      const pair = byAlice ? ['alice', 'bob'] : ['bob', 'alice'];
      await world.server.send(...pair, textBody(text));
    }
  });

  for (const [user, peer] of [['alice', 'bob'], ['bob', 'alice']]) {
    test(`${user} pages back to the first message, without a gap and without a repetition`, async () => {
      const page = await world.open(user);
      const { list, pages } = await readBack(page, peer);
      assert.deepEqual(list.map(it => it.payload.text), talk.map(it => it.text));
      assert.deepEqual(list.map(it => it.flow), talk.map(it => (it.byAlice === (user === 'alice') ? 'out' : 'in')));
      assert.equal(new Set(list.map(it => it.ID)).size, COUNT);
      assert.ok(pages >= COUNT / PAGE_MAX);
    });
  }

  test('one can jump to a time and read on from there in both directions', async () => {
    const carol = await world.open('carol');
    const early = [];
    const late = [];
    for (const n of [1, 2, 3]) early.push(await carol.sendText('dave', `early ${n}`));
    await nextSecond();
    for (const n of [1, 2, 3]) late.push(await carol.sendText('dave', `late ${n}`));
    const hop = async (time, direction) => {
      const { data } = await carol.chat.getMessageListHopping({ conversationID: c2c('dave'), time, direction, count: 10 });
      assert.equal(data.isCompleted, true);
      return data.messageList.map(it => it.payload.text);
    };
    assert.deepEqual(await hop(late[0].time, 1), ['late 1', 'late 2', 'late 3']);
    assert.deepEqual(await hop(early.at(-1).time, 0), ['early 1', 'early 2', 'early 3']);
  });

  test('what was sent to an absent user is there, and counted, when it logs in; reading is told to the sender', async () => {
    const erin = await world.open('erin');
    const sent = [];
    for (const n of [1, 2, 3]) sent.push(await erin.sendText('frank', `while you were away ${n}`));
    const frank = await world.open('frank');
    const conversation = await frank.unread('erin', 3);
    assert.equal(conversation.lastMessage.payload.text, 'while you were away 3');
    assert.equal(frank.chat.getTotalUnreadMessageCount(), 3);
    assert.deepEqual(frank.received(), [], 'old messages are not announced as new');
    const { messageList } = await frank.history('erin');
    assert.deepEqual(messageList.map(it => it.ID), sent.map(it => it.ID));
    assert.ok(sent.every(it => it.isPeerRead === false));

    const read = erin.wait('MESSAGE_READ_BY_PEER', list => list.length === 3);
    await frank.chat.setMessageRead({ conversationID: c2c('erin') });
    assert.deepEqual((await read).map(it => it.ID), sent.map(it => it.ID));
    assert.ok(sent.every(it => it.isPeerRead === true));
    await frank.unread('erin', 0);
    assert.equal(frank.chat.getTotalUnreadMessageCount(), 0);

    await frank.chat.logout();
    await frank.login('frank');
    await frank.quiet();
    assert.equal(frank.chat.getTotalUnreadMessageCount(), 0, 'what was read stays read');
    assert.equal((await frank.conversation('erin')).unreadCount, 0);
  });

  test('the sender sees after a new login what the peer has read meanwhile', async () => {
    const gina = await world.open('gina');
    await gina.sendText('hugo', 'seen?');
    await gina.chat.logout();
    await world.server.ok('openim/admin_set_msg_read', { Report_Account: 'hugo', Peer_Account: 'gina' });
    await gina.login('gina');
    await gina.synced();
    const { messageList } = await gina.history('hugo');
    assert.deepEqual(messageList.map(it => it.isPeerRead), [true]);
  });
}, { settings: { 'login.max_web_instances': 2 } });
