// callExperimentalAPI, and what a page is told of its network and of all unread messages. spec/client/coverage.md
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { textBody } from './client.mjs';
import { until } from './poll.mjs';
import { forEachSdk, NEWEST, SDKS } from './sdks.mjs';

forEachSdk('Experimental calls', world => {
  let alice, bob;
  const call = (name, given) => alice.chat.callExperimentalAPI(name, given);
  before(async () => {
    await world.server.import('alice', 'bob');
    await world.server.ok('group_open_http_svc/create_group', {
      Type: 'Public', GroupId: 'readers', Name: 'Readers', Owner_Account: 'alice', MemberList: [{ Member_Account: 'bob' }],
    });
    alice = await world.open();
    call('setApplicationID', 12);
    call('setCustomLoginInfo', 'from a test');
    await alice.login('alice');
    await alice.synced();
    bob = await world.open('bob');
  });

  test('sendComboMessage: a message of several elements arrives whole', async () => {
    const from = bob.mark();
    const parts = [...textBody('one'), { MsgType: 'TIMCustomElem', MsgContent: { Data: 'two', Desc: '', Ext: '', Sound: '' } }];
    await call('sendComboMessage', { From_Account: 'alice', To_Account: 'bob', MsgRandom: 7, MsgBody: parts });
    const got = await bob.messageWithText('one', { from });
    assert.deepEqual(got.getElements?.().map(it => it.type) ?? got._elements.map(it => it.type), ['TIMTextElem', 'TIMCustomElem']);
  });

  test('setApplicationID and setCustomLoginInfo: what a page says of itself does not hinder its login', () => {
    const login = alice.wire.sent.find(it => it.head.servcmd === 'im_open_status.wslogin');
    assert.deepEqual([login.head.cappid, login.body.CustomInfo], [12, 'from a test']);
  });

  test('getGroupReceiptsByUsers: who of these users has read which message', async () => {
    const from = bob.mark();
    const { TYPES } = alice.SDK;
    const sent = await alice.send(alice.compose('Text', 'readers', { text: 'read me' }, { conversationType: TYPES.CONV_GROUP, needReadReceipt: true }));
    await bob.chat.sendMessageReadReceipt([await bob.messageWithText('read me', { from })]);
    await until('bob has read it', async () => {
      const { data } = await call('getGroupReceiptsByUsers', { groupID: 'readers', dataList: [{ sequence: sent.sequence, userIDList: ['bob', 'alice'] }] });
      return data.dataList.length === 1 && data.dataList[0].userID === 'bob' && data.dataList[0].readTime > 0;
    });
  });

  for (const name of ['sendTRTCCustomData', 'sendRoomCustomData']) {
    test(`${name}: what other products of the vendor serve is refused at once`, async () => {
      await call(name, { serviceCommand: 'tui_room_svr.get_room', data: {} }).catch(error => error);
      const asked = alice.requests().findLast(it => it.command === 'tui_room_svr.get_room');
      assert.equal(alice.answer(asked).ErrorCode, 60009);
    });
  }
}, { sdks: NEWEST });

forEachSdk('The state of a page', world => {
  test('a page is told of its network and of the number of all unread messages', async () => {
    await world.server.import('bob');
    const [alice, bob] = [await world.open('alice'), await world.open('bob')];
    const from = bob.mark();
    await alice.sendText('bob', 'one');
    await alice.sendText('bob', 'two');
    if (bob.SDK.EVENT.TOTAL_UNREAD_MESSAGE_COUNT_UPDATED) {
      await bob.wait('TOTAL_UNREAD_MESSAGE_COUNT_UPDATED', count => count === 2, { from });
    }
    assert.equal(bob.chat.getTotalUnreadMessageCount(), 2);
    const before = bob.mark();
    bob.page.offline();
    await bob.wait('NET_STATE_CHANGE', ({ state }) => state === bob.SDK.TYPES.NET_STATE_DISCONNECTED, { from: before });
    bob.page.online();
    await bob.wait('NET_STATE_CHANGE', ({ state }) => state === bob.SDK.TYPES.NET_STATE_CONNECTED, { from: before });
  });
}, { sdks: SDKS });
