// Pages that know nothing of Magpie: the vendor's host names lead to it, by TLS. spec/client/transport.md 1.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { c2c } from './client.mjs';
import { until } from './poll.mjs';
import { BY_NAME, forEachSdk } from './sdks.mjs';

const SETTINGS = { 'cloud.keys': { evt_rpt_waiting: '1000' } };

const body = world => {
  let alice, bob;
  before(async () => {
    await world.server.import('alice', 'bob', 'carol');
    [alice, bob] = [await world.open('alice'), await world.open('bob')];
  });
  after(() => {
    const { names } = world.server;
    assert.deepEqual([...names.strangers], [], 'no page asks for anybody else');
    assert.ok([...names.asked].some(it => it.startsWith('wss') || it.includes('w4c')), [...names.asked].join(' '));
  });

  test('a page logs in over an encrypted socket to a name of the vendor', () => {
    const [socket] = alice.wire.sockets;
    assert.match(socket.url, /^wss:\/\/[^/]+\.(qcloud\.com|my-imcloud\.com|tencent\.cn|qq\.com)\//);
    alice.assertFramesAreWellFormed();
  });

  test('a text arrives, counts as unread until it is read, and who sent it sees that', async () => {
    const from = bob.mark();
    const sent = await alice.sendText('bob', 'by name');
    assert.equal((await bob.messageWithText('by name', { from })).ID, sent.ID);
    await bob.unread('alice', 1);
    const read = alice.wait('MESSAGE_READ_BY_PEER', list => list.some(it => it.ID === sent.ID));
    await bob.chat.setMessageRead({ conversationID: c2c('alice') });
    await read;
    await bob.unread('alice', 0);
  });

  test('the history is there on a page that comes later', async () => {
    const later = await world.open('bob');
    const { messageList } = await later.history('alice');
    assert.ok(messageList.some(it => it.payload.text === 'by name'));
    await bob.wait('KICKED_OUT', it => it.type === bob.SDK.TYPES.KICKED_OUT_MULT_ACCOUNT);
    bob = later;
  });

  test('what was recalled is gone for the other', async () => {
    const from = bob.mark();
    const sent = await alice.sendText('bob', 'a slip');
    await bob.messageWithText('a slip', { from });
    await alice.chat.revokeMessage(sent);
    await bob.wait('MESSAGE_REVOKED', list => list.some(it => it.ID === sent.ID), { from });
  });

  test('a profile is seen by others', async () => {
    await alice.chat.updateMyProfile({ nick: 'Alice by name' });
    // Bob's page remembers for a while what it read before.
    const dave = await world.open('dave');
    const { data } = await dave.chat.getUserProfile({ userIDList: ['alice'] });
    assert.equal(data[0].nick, 'Alice by name');
  });

  test('people talk in a group and in a live room', async t => {
    const { TYPES } = alice.SDK;
    if (!alice.chat.createGroup) return t.skip('this SDK has no groups');
    const from = bob.mark();
    await alice.chat.createGroup({ name: 'Named', type: TYPES.GRP_WORK, groupID: 'named', memberList: [{ userID: 'bob' }] });
    await bob.wait('GROUP_LIST_UPDATED', list => list.some(it => it.groupID === 'named'), { from });
    await alice.chat.createGroup({ name: 'Live', type: TYPES.GRP_AVCHATROOM, groupID: 'live' });
    await bob.chat.joinGroup({ groupID: 'live' });
    const there = () => world.server.ok('group_open_http_svc/get_online_member_num', { GroupId: 'live' }).then(it => it.OnlineMemberNum);
    assert.equal(await there(), 1, 'who makes a live room is not in it before joining');
    await alice.chat.joinGroup({ groupID: 'live' });
    assert.equal(await there(), 2);
    for (const id of ['named', 'live']) {
      for (const [one, other] of [[alice, bob], [bob, alice]]) {
        const heard = other.mark();
        await one.send(one.compose('Text', id, { text: `in ${id}` }, { conversationType: TYPES.CONV_GROUP }));
        await other.messageWithText(`in ${id}`, { from: heard });
      }
    }
    return undefined;
  });

  test('a page finds its way back after its network and after the server were gone', async () => {
    const from = bob.mark();
    // lite-chat shows what it missed in the conversation list, and tells nothing more.
    const last = () => bob.chat.getConversationList().then(it => it.data.conversationList.find(it => it.conversationID === c2c('alice'))?.lastMessage);
    const told = text => until(`bob knows of ${text}`, async () => (await last())?.messageForShow === text, 20_000);
    bob.page.offline();
    await alice.sendText('bob', 'while bob was away');
    bob.page.online();
    await told('while bob was away');
    await world.server.restart();
    await until('alice can send again', () => alice.sendText('bob', 'after the restart').then(() => true, () => false), 20_000);
    await told('after the restart');
    assert.deepEqual([...alice.all('KICKED_OUT'), ...bob.all('KICKED_OUT', from)], []);
  });

  test('whoever else a page asks for is out of its reach, and is noted', async () => {
    const stranger = new (alice.wire.socketClass())('wss://elsewhere.example/binfo');
    await assert.rejects(once(stranger, 'open'));
    const { strangers } = world.server.names;
    assert.deepEqual([...strangers], ['elsewhere.example']);
    strangers.clear();
  });

  test('a kick by the backend reaches the page', async () => {
    const carol = await world.open('carol');
    await world.server.ok('im_open_login_svc/kick', { UserID: 'carol' });
    await carol.wait('KICKED_OUT', it => it.type === carol.SDK.TYPES.KICKED_OUT_REST_API);
  });
};

forEachSdk('By name', body, { sdks: BY_NAME, settings: SETTINGS });

forEachSdk('By name, in text frames', world => {
  test('two pages talk', async () => {
    await world.server.import('bob');
    const [alice, bob] = [await world.open('alice'), await world.open('bob')];
    const from = bob.mark();
    await alice.sendText('bob', 'in text');
    await bob.messageWithText('in text', { from });
    assert.ok(alice.wire.sent.every(it => it.binary === false));
    assert.deepEqual([...world.server.names.strangers], []);
  });
}, { sdks: BY_NAME.map(it => ({ ...it, devMode: true })) });
