// Messages that are not kept, not counted, or not shown in the list. spec/client/commands/openim.sendmsg.yaml, pushes.md 1.1.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { textBody } from './client.mjs';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

/** One way to send with each option: by the page (options of sendMessage) and by the backend (fields of the command). */
const ONLINE_ONLY = [{ onlineUserOnly: true }, { OnlineOnlyFlag: 1 }];
const NOT_COUNTED = [{ messageControlInfo: { excludedFromUnreadCount: true } }, { SendMsgControl: ['NoUnread'] }];
const NOT_LAST = [{ messageControlInfo: { excludedFromLastMessage: true } }, { SendMsgControl: ['NoLastMsg'] }];

forEachSdk('Delivery options', world => {
  let alice;
  before(async () => {
    await world.server.import('alice', 'backend', 'absent');
    alice = await world.open('alice');
  });

  const senders = [
    { who: 'a page', from: 'alice', send: (to, text, [options]) => alice.sendText(to, text, { options }) },
    { who: 'the backend', from: 'backend', send: (to, text, [, fields]) => world.server.send('backend', to, textBody(text), fields) },
  ];

  for (const [n, { who, from, send }] of senders.entries()) {
    const fresh = async name => {
      const page = await world.open(`${name}${n}`);
      await send(page.user, 'ordinary', [{}, {}]);
      await page.messageWithText('ordinary');
      await page.unread(from, 1);
      return page;
    };

    test(`a message of ${who} for online users only is shown but not kept`, async () => {
      const bob = await fresh('bob');
      await send('bob' + n, 'now or never', ONLINE_ONLY);
      await bob.messageWithText('now or never');
      assert.equal((await bob.conversation(from)).unreadCount, 1);
      assert.equal((await bob.conversation(from)).lastMessage.payload.text, 'ordinary');
      await bob.chat.logout();
      await send('bob' + n, 'missed', ONLINE_ONLY);
      await bob.login(bob.user);
      await bob.synced();
      await bob.unread(from, 1);
      const { messageList } = await bob.history(from);
      assert.deepEqual(messageList.map(it => it.payload.text), ['ordinary']);
    });

    test(`a message of ${who} without an unread count is kept but not counted`, async () => {
      const carol = await fresh('carol');
      await send('carol' + n, 'by the way', NOT_COUNTED);
      await carol.messageWithText('by the way');
      await until('it is the last one', async () => (await carol.conversation(from)).lastMessage.payload.text === 'by the way');
      assert.equal((await carol.conversation(from)).unreadCount, 1);
      await carol.chat.logout();
      await carol.login(carol.user);
      await carol.synced();
      const conversation = await carol.unread(from, 1);
      assert.equal(conversation.lastMessage.payload.text, 'by the way');
      assert.deepEqual((await carol.history(from)).messageList.map(it => it.payload.text), ['ordinary', 'by the way']);
    });

    test(`a message of ${who} that is no last message is counted but leaves the list as it was`, async () => {
      const dave = await fresh('dave');
      await send('dave' + n, 'in passing', NOT_LAST);
      await dave.messageWithText('in passing');
      await dave.unread(from, 2);
      assert.equal((await dave.conversation(from)).lastMessage.payload.text, 'ordinary');
      await dave.chat.logout();
      await dave.login(dave.user);
      await dave.synced();
      const conversation = await dave.unread(from, 2);
      assert.equal(conversation.lastMessage.payload.text, 'ordinary');
    });
  }

  test('a message for online users only to a user who is offline succeeds and leaves no trace', async () => {
    await alice.sendText('absent', 'into the void', { options: { onlineUserOnly: true } });
    const absent = await world.open('absent');
    assert.deepEqual(await absent.conversations(), []);
  });
});
