// The rest of the SDK's methods: what other files of this folder have no reason to call. spec/client/coverage.md
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c } from './client.mjs';
import { until } from './poll.mjs';
import { forEachSdk, NEWEST, SDKS } from './sdks.mjs';

forEachSdk('What a page knows itself', world => {
  let alice, bob;
  before(async () => {
    await world.server.import('bob');
    [alice, bob] = [await world.open('alice'), await world.open('bob')];
  });

  /** A message of each kind that needs no file. */
  const KINDS = [
    ['TextAt', { text: '@bob hi', atUserList: ['bob'] }],
    ['Custom', { data: '{"a":1}', description: 'd', extension: 'e' }],
    ['Face', { index: 1, data: 'smile' }],
    ['Location', { description: 'here', longitude: 1.5, latitude: -2.5 }],
  ];
  for (const [kind, payload] of KINDS) {
    test(`${kind}: arrives as it was sent`, async () => {
      const from = bob.mark();
      const message = alice.chat[`create${kind}Message`]({ to: 'bob', conversationType: alice.SDK.TYPES.CONV_C2C, payload });
      const sent = await alice.send(message);
      const got = await bob.message(it => it.ID === sent.ID, { from });
      const known = Object.keys(payload).filter(it => it !== 'atUserList');
      for (const name of known) assert.equal(got.payload[name], payload[name], name);
    });
  }

  test('a message that could not be sent can be sent again, once', async () => {
    const from = bob.mark();
    alice.page.offline();
    const message = alice.compose('Text', 'bob', { text: 'at last' });
    const lost = alice.send(message).catch(error => error);
    alice.page.online();
    await lost;
    if (message.status !== 'success') await alice.chat.resendMessage(message);
    await bob.messageWithText('at last', { from });
    await bob.sendText('alice', 'heard');
    assert.equal(bob.received(from).filter(it => it.payload.text === 'at last').length, 1);
    assert.equal(alice.chat.findMessage(message.ID)?.payload.text, 'at last');
  });

  test('a listener that was taken off hears nothing more', async () => {
    let count = 0;
    const listener = () => { count += 1; };
    bob.chat.on(bob.SDK.EVENT.MESSAGE_RECEIVED, listener);
    bob.chat.off(bob.SDK.EVENT.MESSAGE_RECEIVED, listener);
    const from = bob.mark();
    await alice.sendText('bob', 'unheard');
    await bob.messageWithText('unheard', { from });
    assert.equal(count, 0);
  });

  test('a page that is destroyed has logged out', async () => {
    const carol = await world.open('carol');
    const from = carol.mark();
    await carol.chat.destroy();
    assert.ok(carol.requests().some(it => it.command === 'im_open_status.wslogout'));
    await until('carol is told', () => carol.all('SDK_DESTROY', from).length || carol.all('SDK_NOT_READY', from).length);
    const { QueryResult } = await world.server.ok('openim/query_online_status', { To_Account: ['carol'] });
    assert.equal(QueryResult[0].Status, 'Offline');
  });
}, { sdks: SDKS });

forEachSdk('What a newer page knows itself', world => {
  let alice;
  before(async () => {
    await world.server.import('bob');
    alice = await world.open('alice');
    await alice.sendText('bob', 'the first');
  });

  test('a conversation is described with its peer, and a draft stays in the page', async () => {
    const { data } = await alice.chat.getConversationProfile(c2c('bob'));
    assert.equal(data.conversation.userProfile.userID, 'bob');
    await alice.chat.setConversationDraft({ conversationID: c2c('bob'), draftText: 'unfinished' });
    assert.equal((await alice.conversation('bob')).draftText, 'unfinished');
  });

  test('a page knows who it is, that it is ready and what time it is', async () => {
    assert.ok(alice.chat.isReady());
    assert.equal(alice.chat.getLoginUser(), 'alice');
    assert.ok(Math.abs(alice.chat.getServerTime() - Date.now()) < 60_000);
  });
}, { sdks: NEWEST });

forEachSdk('Receipts, friends and marks', world => {
  let alice, bob;
  before(async () => {
    const { server } = world;
    await server.import('alice', 'bob', 'carol');
    await server.ok('group_open_http_svc/create_group', {
      Type: 'Public', GroupId: 'readers', Name: 'Readers', Owner_Account: 'alice',
      MemberList: ['bob', 'carol'].map(it => ({ Member_Account: it })),
    });
    [alice, bob] = [await world.open('alice'), await world.open('bob')];
  });

  test('who sent a message with a receipt can ask how many have read it', async () => {
    const from = bob.mark();
    const sent = await alice.send(alice.compose('Text', 'readers', { text: 'read me' },
      { conversationType: alice.SDK.TYPES.CONV_GROUP, needReadReceipt: true }));
    const got = await bob.messageWithText('read me', { from });
    await bob.chat.sendMessageReadReceipt([got]);
    await until('one has read it', async () => {
      const { data } = await alice.chat.getMessageReadReceiptList([sent]);
      const { readCount, unreadCount } = data.messageList[0].readReceiptInfo;
      return readCount === 1 && unreadCount === 1;
    });
  });

  test('a page can ask who is a friend', async () => {
    await world.server.ok('sns/friend_import', { From_Account: 'alice', AddFriendItem: [{ To_Account: 'bob', AddSource: 'AddSource_Type_x' }] });
    const { TYPES } = alice.SDK;
    const { data } = await alice.chat.checkFriend({ userIDList: ['bob', 'carol'], type: TYPES.SNS_CHECK_TYPE_SINGLE });
    const relations = Object.fromEntries(data.successUserIDList.map(it => [it.userID, it.relation]));
    assert.deepEqual(relations, { bob: TYPES.SNS_TYPE_A_WITH_B, carol: TYPES.SNS_TYPE_NO_RELATION });
  });

  test('the owner of a live room marks people in it', async () => {
    const { TYPES } = alice.SDK;
    await alice.chat.createGroup({ name: 'Live', type: TYPES.GRP_AVCHATROOM, groupID: 'live' });
    for (const page of [alice, bob]) await page.chat.joinGroup({ groupID: 'live', type: TYPES.GRP_AVCHATROOM });
    await alice.chat.markGroupMemberList({ groupID: 'live', userIDList: ['bob'], markType: 1000, enableMark: true });
    const { data } = await alice.chat.getGroupMemberList({ groupID: 'live', filter: 1000 });
    assert.deepEqual(data.memberList.map(it => it.userID), ['bob']);
  });
}, { sdks: NEWEST });

forEachSdk('Settings that reach pages', world => {
  test('a new cloud configuration is told to pages that are open', async () => {
    const alice = await world.open('alice');
    await alice.wait('SERVER_CONFIG_UPDATED');
    const from = alice.mark();
    await world.server.set({ 'cloud.keys': { evt_rpt_waiting: '10000', greeting: 'hello' } });
    await alice.wait('SERVER_CONFIG_UPDATED', it => JSON.stringify(it).includes('greeting'), { from });
    const { data } = await alice.chat.callExperimentalAPI('getServerConfig', 'greeting');
    assert.equal(data.greeting ?? data, 'hello');
  });

  test('a page that sends too much is asked to wait, and goes on afterwards', async () => {
    await world.server.import('bob');
    const alice = await world.open('alice');
    await world.server.set({ 'limits.enforce': true, 'limits.socket_commands': { 'openim.sendmsg': 2 } });
    const results = await Promise.allSettled([1, 2, 3, 4].map(n => alice.sendText('bob', `m${n}`)));
    assert.deepEqual(results.map(it => it.status), ['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    assert.ok(results.slice(2).every(it => it.reason.code === 60022), JSON.stringify(results));
    const pushes = alice.wire.received.filter(it => it.head.servcmd === 'OverLoadPush.notify2');
    assert.deepEqual(pushes.map(it => it.body), [{ OverLoadServCmd: 'openim.sendmsg', DelaySecs: 1 }]);
    await until('the page may send again', () => alice.sendText('bob', 'again').then(() => true, () => false));
    await world.server.set({ 'limits.enforce': false, 'limits.socket_commands': {} });
  });
}, { sdks: NEWEST });
