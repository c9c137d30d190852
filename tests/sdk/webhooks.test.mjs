// Messages that the application's backend changes or refuses, and the life of a group as that backend hears of it.
// spec/webhooks/Group.*.yaml, spec/concepts/webhooks.md
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { groupOf, groupPages } from './groupworld.mjs';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

process.env.MAGPIE__WEBHOOKS__ALLOW_LOCAL = 'true';

const SWITCHED_ON = [
  'Group.CallbackBeforeCreateGroup', 'Group.CallbackAfterCreateGroup', 'Group.CallbackBeforeApplyJoinGroup',
  'Group.CallbackBeforeInviteJoinGroup', 'Group.CallbackAfterNewMemberJoin', 'Group.CallbackAfterMemberExit',
  'Group.CallbackBeforeSendMsg', 'Group.CallbackAfterSendMsg', 'Group.CallbackAfterGroupInfoChanged',
  'Group.CallbackAfterGroupDestroyed', 'Group.CallbackAfterRecallMsg', 'C2C.CallbackBeforeSendMsg',
  'Chatbot.OnC2CSignalMessage',
];

/** A backend that notes what it hears and answers by the command. */
class Backend {
  heard = [];
  answers = {};

  async listen() {
    this.server = http.createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', piece => { text += piece; });
      request.on('end', () => {
        const body = JSON.parse(text);
        this.heard.push({ query: new URL(request.url, 'http://backend').searchParams, body });
        const answer = this.answers[body.CallbackCommand]?.(body) ?? { ErrorCode: 0 };
        response.end(JSON.stringify({ ActionStatus: 'OK', ErrorInfo: '', ...answer }));
      });
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${this.server.address().port}/hooks`;
  }

  /** The commands about a group, in the order in which they came. */
  commands(id) {
    return this.heard.filter(it => it.body.GroupId === id).map(it => it.body.CallbackCommand.replace('Group.Callback', ''));
  }

  /** Waits for a command about a group. */
  about(command, id) {
    const find = () => this.heard.find(it => it.body.CallbackCommand === command && it.body.GroupId === id);
    return until(`${command} of ${id}`, find);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const changed = { ErrorCode: 0, MsgBody: [{ MsgType: 'TIMTextElem', MsgContent: { Text: '***' } }] };

forEachSdk('Webhooks', world => {
  const { pages, group, sendText } = groupPages(world);
  const backend = new Backend();
  let alice, bob;
  before(async () => {
    ({ alice, bob } = pages);
    const url = await backend.listen();
    const commands = Object.fromEntries(SWITCHED_ON.map(it => [it, true]));
    await world.server.set({ 'webhooks.url': url, 'webhooks.commands': commands });
  });
  after(() => backend.close());

  test('what the backend changes reaches the members and the sender itself', async () => {
    const id = await group();
    backend.answers['Group.CallbackBeforeSendMsg'] = body => (body.GroupId === id ? changed : undefined);
    const from = [alice.mark(), bob.mark()];
    const sent = await sendText(alice, id, 'buy now');
    const got = await bob.messageWithText('***', { from: from[1] });
    assert.equal(got.ID, sent.ID);
    const own = await alice.wait('MESSAGE_MODIFIED', list => list.find(it => it.ID === sent.ID), { from: from[0] });
    assert.equal(own.payload.text, '***');
    const told = await backend.about('Group.CallbackAfterSendMsg', id);
    assert.deepEqual(told.body.MsgBody, changed.MsgBody);
    assert.equal(told.body.MsgId, sent.ID);
    assert.equal(told.query.get('OptPlatform'), 'Web');
  });

  test('what the backend refuses with a code of its own fails with it, and nobody gets it', async () => {
    const id = await group();
    const refusal = { ErrorCode: 10123, ErrorInfo: 'watch your words' };
    backend.answers['Group.CallbackBeforeSendMsg'] = body => (body.MsgBody[0].MsgContent.Text === 'bad' ? refusal : undefined);
    const from = bob.mark();
    await assert.rejects(sendText(alice, id, 'bad'), { code: 10123 });
    await sendText(alice, id, 'good');
    await bob.messageWithText('good', { from });
    assert.deepEqual(bob.received(from).filter(it => it.to === id).map(it => it.payload.text), ['good']);
  });

  test('a backend hears of the whole life of a group in its order', async () => {
    const { TYPES } = alice.SDK;
    const made = await alice.chat.createGroup({ name: 'Team', type: TYPES.GRP_MEETING, memberList: [{ userID: 'bob' }] });
    const id = made.data.group.groupID;
    const sent = await sendText(alice, id, 'hello');
    await alice.chat.updateGroupProfile({ groupID: id, notification: 'Meet at the wall' });
    await alice.chat.revokeMessage(sent);
    await bob.chat.quitGroup(id);
    await bob.chat.joinGroup({ groupID: id });
    await alice.chat.dismissGroup(id);
    const end = await backend.about('Group.CallbackAfterGroupDestroyed', id);
    assert.deepEqual(end.body.MemberList.map(it => it.Member_Account).toSorted(), ['alice', 'bob']);
    // Questions come at once, what is told a moment later; both keep their own order. A page that makes a group says so
    // in it by a message of its own.
    const heard = backend.commands(id);
    assert.deepEqual(heard.filter(it => it.startsWith('Before')), ['BeforeSendMsg', 'BeforeSendMsg', 'BeforeApplyJoinGroup']);
    assert.deepEqual(heard.filter(it => !it.startsWith('Before')), [
      'AfterCreateGroup', 'AfterSendMsg', 'AfterSendMsg', 'AfterGroupInfoChanged', 'AfterRecallMsg', 'AfterMemberExit',
      'AfterNewMemberJoin', 'AfterGroupDestroyed',
    ]);
  });

  test('a robot answers what is passed through to it', async () => {
    await world.server.ok('openim_robot_http_svc/create_robot', { UserID: '@RBT#helper', Nick: 'Helper' });
    backend.answers['Chatbot.OnC2CSignalMessage'] = body => ({ ErrorCode: 0, RspData: `you asked ${body.Data}` });
    const from = alice.mark();
    const data = JSON.stringify({ chatbotPlugin: 1, src: 3, data: 'the way' });
    await alice.send(alice.compose('Custom', '@RBT#helper', { data, description: '', extension: '' }));
    const got = await alice.message(it => it.from === '@RBT#helper', { from });
    assert.deepEqual(JSON.parse(got.payload.data), { chatbotPlugin: 1, src: 3, data: 'you asked the way' });
    assert.equal(got.conversationID, 'C2C@RBT#helper');
  });

  test('one whom the backend does not want in does not come into a group', async () => {
    backend.answers['Group.CallbackBeforeApplyJoinGroup'] = () => ({ ErrorCode: 1, ErrorInfo: 'not you' });
    const id = await group([], { ApplyJoinOption: 'FreeAccess' });
    await assert.rejects(bob.chat.joinGroup({ groupID: id }), { code: 10016 });
    assert.equal((await bob.conversations()).some(it => it.conversationID === groupOf(id)), false);
  });
}, { settings: { 'login.max_web_instances': 2 } });
