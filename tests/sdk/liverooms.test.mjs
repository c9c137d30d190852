// Live rooms: coming, going, speaking, being banned, marks, and what a reconnect keeps.
// spec/concepts/group-system.md 9, 10.7 and 13.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const SETTINGS = { 'groups.messages_per_second': 1000, 'cloud.keys': { evt_rpt_waiting: '10000' } };
const TIP = { joined: 1, left: 2, group: 6, banned: 10 };
const BANNED = 21;

forEachSdk('Live rooms', world => {
  let ann;
  let bob;
  let carl;
  let room;
  let count = 0;

  const tip = (page, operationType, from) => page.message(
    it => it.type === 'TIMGroupTipElem' && it.to === room && it.payload.operationType === operationType,
    { from },
  );
  const say = (page, text) =>
    page.send(page.compose('Text', room, { text }, { conversationType: page.SDK.TYPES.CONV_GROUP }));
  const online = page => page.chat.getGroupOnlineMemberCount(room).then(it => it.data.memberCount);
  const makeRoom = async () => {
    const { data } = await ann.chat.createGroup({
      type: ann.SDK.TYPES.GRP_AVCHATROOM, groupID: `room${count += 1}`, name: `Room ${count}`,
    });
    room = data.group.groupID;
  };

  before(async () => {
    await world.server.import('ann', 'bob', 'carl');
    [ann, bob, carl] = await Promise.all(['ann', 'bob', 'carl'].map(it => world.open(it)));
  });

  test('who comes in is seen, heard and counted, and misses nothing that is said', async () => {
    await makeRoom();
    await ann.chat.joinGroup({ groupID: room });
    const from = ann.mark();
    const { data } = await bob.chat.joinGroup({ groupID: room });
    assert.equal(data.status, bob.SDK.TYPES.JOIN_STATUS_SUCCESS);
    await tip(ann, TIP.joined, from);
    assert.equal(await online(ann), 2);
    for (let nr = 1; nr <= 20; nr += 1) {
      await say(ann, `from ann ${nr}`);
      await say(bob, `from bob ${nr}`);
    }
    await bob.messageWithText('from ann 20');
    await ann.messageWithText('from bob 20');
    const heard = bob.received().filter(it => it.to === room && it.from === 'ann').map(it => it.payload.text);
    assert.deepEqual(heard.filter(it => it?.startsWith('from ann')), Array.from({ length: 20 }, (_, i) => `from ann ${i + 1}`));
  });

  test('who is not in the room may not speak', async () => {
    await assert.rejects(say(carl, 'hello?'));
  });

  test('a rename reaches who is there', async () => {
    const from = bob.mark();
    await ann.chat.updateGroupProfile({ groupID: room, name: 'Renamed' });
    const { payload } = await tip(bob, TIP.group, from);
    assert.equal(payload.newGroupProfile.groupName, 'Renamed');
  });

  test('a lost connection puts nobody out', async () => {
    const from = ann.mark();
    bob.page.cut();
    await until('bob is heard', async () => say(bob, 'still here').then(() => true, () => false));
    await ann.messageWithText('still here', { from });
  });

  test('who goes is seen going', async () => {
    const from = ann.mark();
    await bob.chat.quitGroup(room);
    await tip(ann, TIP.left, from);
    await assert.rejects(say(bob, 'gone'));
  });

  test('who is banned is out, hears of it and cannot come back until the end', async () => {
    await bob.chat.joinGroup({ groupID: room });
    const [mine, theirs] = [ann.mark(), bob.mark()];
    await world.server.ok('group_open_http_svc/ban_group_member', {
      GroupId: room, Members_Account: ['bob'], Duration: 3600, Description: 'spam',
    });
    await tip(ann, TIP.banned, mine).catch(() => assert.fail('no tip of the ban'));
    await bob.message(
      it => it.type === 'TIMGroupSystemNoticeElem' && it.payload.operationType === BANNED, { from: theirs },
    );
    await assert.rejects(bob.chat.joinGroup({ groupID: room }), { code: 10007 });
    await world.server.ok('group_open_http_svc/unban_group_member', { GroupId: room, Members_Account: ['bob'] });
    await bob.chat.joinGroup({ groupID: room });
  });

  test('the people of the room are listed with their marks', async () => {
    await world.server.ok('group_open_avchatroom_http_svc/modify_user_info', {
      GroupId: room, CommandType: 1, MemberList: [{ Member_Account: 'bob', Marks: [1001] }],
    });
    const { MemberList } = await world.server.ok('group_open_avchatroom_http_svc/get_members', {
      GroupId: room, Timestamp: 0, Mark: 1001,
    });
    assert.deepEqual(MemberList.map(it => it.Member_Account), ['bob']);
  });

  test('who watches without coming in gets what was said before and what is said then', async t => {
    if (!carl.SDK.EVENT.MESSAGE_REACTIONS_UPDATED) return t.skip('the older SDK has no such call');
    const guest = await world.open();
    await guest.chat.joinGroup({ groupID: room });
    const { LongPollingKey } = guest.wire.received.find(it => it.head.servcmd.endsWith('noauth_svc.apply_join_group')).body;
    guest.page.close();
    await say(ann, 'before');
    const from = carl.mark();
    carl.chat.callExperimentalAPI('startMessageLongPolling', { groupID: room, longPollingKey: LongPollingKey });
    await carl.messageWithText('before', { from });
    await say(ann, 'meanwhile');
    await carl.messageWithText('meanwhile', { from });
    const heard = carl.received(from).filter(it => it.to === room).map(it => it.payload.text);
    assert.equal(heard.filter(it => it === 'before').length, 1, 'once, though it is in both answers');
    carl.chat.callExperimentalAPI('stopMessageLongPolling', { groupID: room });
  });

  test('the end of a room is told to who is there', async () => {
    const from = bob.mark();
    await ann.chat.dismissGroup(room);
    await bob.message(
      it => it.type === 'TIMGroupSystemNoticeElem' && it.payload.operationType === 5, { from },
    );
  });
}, { settings: SETTINGS });
