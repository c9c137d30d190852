// Members of groups: joining, inviting, removing, leaving, roles, mutes, cards, and who is told what.
// spec/concepts/group-system.md 3, 4, 10 and 15; spec/client/pushes.md 5 and 6.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

/** The tests ask faster than the SDKs let people ask. */
const PACE = ['get_group_self_member_info', 'apply_join_group'].map(cmd => ({ cmd, interval: 1, count: 1000 }));
const SETTINGS = {
  'login.max_web_instances': 2,
  'cloud.keys': { evt_rpt_waiting: '10000', cmd_frequency_limit: JSON.stringify(PACE) },
  'custom_fields.member': [{ name: 'badge' }],
};
const PEOPLE = ['ann', 'adam', 'bob', 'carl', 'dora'];
/** operationType of tips. */
const TIP = { joined: 1, left: 2, kicked: 3, adminSet: 4, adminCancelled: 5, group: 6, member: 7 };
/** operationType of system notices. */
const NOTICE = {
  application: 1, approved: 2, refused: 3, kicked: 4, added: 7, left: 8, madeAdmin: 9, noAdmin: 10,
  invitation: 12, accepted: 13, declined: 14,
};

const groups = async page => (await page.chat.getGroupList()).data.groupList;
const group = (page, groupID, fits = () => true) => until(`${page.user} has the group ${groupID}`, async () => {
  const found = (await groups(page)).find(it => it.groupID === groupID);
  return found && fits(found) && found;
});
const noGroup = (page, groupID) => until(`${page.user} does not have the group ${groupID}`, async () =>
  (await groups(page)).every(it => it.groupID !== groupID));
const tip = (page, groupID, operationType, from, fits = () => true) => page.message(
  it => it.type === 'TIMGroupTipElem' && it.to === groupID && it.payload.operationType === operationType && fits(it.payload),
  { from },
);
const notice = (page, groupID, operationType, from, fits = () => true) => page.message(
  it => it.type === 'TIMGroupSystemNoticeElem' && it.payload.operationType === operationType
    && it.payload.groupProfile.groupID === groupID && fits(it.payload),
  { from },
);
const marks = (...pages) => new Map(pages.map(page => [page, page.mark()]));
const member = async (page, groupID, userID) =>
  (await page.chat.getGroupMemberProfile({ groupID, userIDList: [userID], memberCustomFieldFilter: ['badge'] })).data.memberList[0];
const ownRole = async (page, groupID) => (await page.chat.getGroupProfile({ groupID })).data.group.selfInfo.role;
const send = (page, to, text) => page.send(page.compose('Text', to, { text }, { conversationType: page.SDK.TYPES.CONV_GROUP }));

forEachSdk('Group members', world => {
  let ann;
  let adam;
  let bob;
  let elsewhere;
  let carl;
  let count = 0;

  /** A group that ann makes, once the pages of its members know it. */
  async function make(kind, { members = [], admins = [], ...more } = {}) {
    const { data } = await ann.chat.createGroup({
      type: ann.SDK.TYPES[kind], groupID: `group${count += 1}`, name: `Group ${count}`,
      memberList: [...admins.map(userID => ({ userID, role: 'Admin' })), ...members.map(userID => ({ userID }))], ...more,
    });
    const { groupID } = data.group;
    const inside = [ann, adam, bob, elsewhere, carl].filter(it => ['ann', ...admins, ...members].includes(it.user));
    await Promise.all(inside.map(page => group(page, groupID)));
    return groupID;
  }
  const role = async (groupID, userID) => {
    const { UserIdList } = await world.server.ok('group_open_http_svc/get_role_in_group', { GroupId: groupID, User_Account: [userID] });
    return UserIdList[0].Role;
  };

  before(async () => {
    for (const UserID of PEOPLE) {
      await world.server.ok('im_open_login_svc/account_import', { UserID, Nick: UserID.toUpperCase() });
    }
    [ann, adam, bob, elsewhere, carl] = await Promise.all(['ann', 'adam', 'bob', 'bob', 'carl'].map(it => world.open(it)));
  });

  describe('joining', () => {
    test('who joins freely is in at once, on all pages, and everybody is told', async () => {
      const id = await make('GRP_PUBLIC', { joinOption: 'FreeAccess', members: ['carl'] });
      const from = marks(ann, carl, elsewhere);
      const { data } = await bob.chat.joinGroup({ groupID: id });
      assert.equal(data.status, bob.SDK.TYPES.JOIN_STATUS_SUCCESS);
      assert.equal(data.group.groupID, id);
      for (const page of [ann, carl]) {
        const it = await tip(page, id, TIP.joined, from.get(page), it => it.userIDList.includes('bob'));
        assert.deepEqual([it.payload.operatorID, it.payload.memberNum, it.nick], ['bob', 3, 'BOB']);
      }
      await notice(elsewhere, id, NOTICE.approved, from.get(elsewhere));
      await group(elsewhere, id, it => it.selfInfo.role === 'Member');
      const again = await bob.chat.joinGroup({ groupID: id });
      assert.equal(again.data.status, bob.SDK.TYPES.JOIN_STATUS_ALREADY_IN_GROUP);
      await send(bob, id, 'hello');
      await ann.messageWithText('hello');
    });

    test('a meeting is joined freely, without a tip', async () => {
      const id = await make('GRP_MEETING');
      const { data } = await bob.chat.joinGroup({ groupID: id });
      assert.equal(data.status, bob.SDK.TYPES.JOIN_STATUS_SUCCESS);
      await send(bob, id, 'in the meeting');
      await ann.messageWithText('in the meeting');
      assert.ok(!ann.received().some(it => it.type === 'TIMGroupTipElem' && it.to === id));
    });

    test('groups that take no applications refuse them', async () => {
      const closed = await make('GRP_PUBLIC', { joinOption: 'DisableApply' });
      const work = await make('GRP_WORK');
      for (const groupID of [closed, work]) await assert.rejects(bob.chat.joinGroup({ groupID }), { code: 10007 });
      await assert.rejects(bob.chat.joinGroup({ groupID: 'no-such-group' }), { code: 10015 });
    });

    test('a full group takes nobody', async () => {
      const id = await make('GRP_MEETING', { maxMemberNum: 1 });
      await assert.rejects(bob.chat.joinGroup({ groupID: id }), { code: 10014 });
    });

    test('an application waits for the owner or an admin, and an agreement makes a member', async () => {
      const id = await make('GRP_PUBLIC', { admins: ['adam'] });
      const from = marks(ann, adam, bob, elsewhere);
      const { data } = await bob.chat.joinGroup({ groupID: id, applyMessage: 'let me in' });
      assert.equal(data.status, bob.SDK.TYPES.JOIN_STATUS_WAIT_APPROVAL);
      const asked = await Promise.all([ann, adam].map(page => notice(page, id, NOTICE.application, from.get(page))));
      for (const it of asked) assert.deepEqual([it.payload.operatorID, it.payload.handleMessage], ['bob', 'let me in']);
      const { data: { applicationList } } = await ann.chat.getGroupApplicationList();
      const found = applicationList.find(it => it.groupID === id);
      assert.deepEqual([found.applicant, found.applicantNick, found.applicationType], ['bob', 'BOB', 0]);
      // The older SDK does not show the text.
      assert.ok(['let me in', undefined].includes(found.note), found.note);

      await adam.chat.handleGroupApplication({ handleAction: 'Agree', handleMessage: 'welcome', message: asked[1] });
      for (const page of [bob, elsewhere]) {
        const it = await notice(page, id, NOTICE.approved, from.get(page));
        assert.deepEqual([it.payload.operatorID, it.payload.handleMessage], ['adam', 'welcome']);
        await group(page, id);
      }
      await tip(ann, id, TIP.joined, from.get(ann), it => it.operatorID === 'bob');
      await assert.rejects(ann.chat.handleGroupApplication({ handleAction: 'Reject', message: asked[0] }), { code: 10024 });
      const { data: after } = await ann.chat.getGroupApplicationList();
      assert.ok(after.applicationList.every(it => it.groupID !== id), 'it is handled');
    });

    test('a refusal reaches the applicant, and may be followed by a new application', async () => {
      const id = await make('GRP_PUBLIC');
      const from = marks(ann, bob);
      await bob.chat.joinGroup({ groupID: id, applyMessage: 'first' });
      const message = await notice(ann, id, NOTICE.application, from.get(ann));
      await ann.chat.handleGroupApplication({ handleAction: 'Reject', handleMessage: 'not now', message });
      const it = await notice(bob, id, NOTICE.refused, from.get(bob));
      assert.deepEqual([it.payload.operatorID, it.payload.handleMessage], ['ann', 'not now']);
      assert.equal(await role(id, 'bob'), 'NotMember');
      await bob.chat.joinGroup({ groupID: id, applyMessage: 'second' });
      const { data: { applicationList } } = await ann.chat.getGroupApplicationList();
      const application = applicationList.find(it => it.groupID === id);
      assert.ok(['second', undefined].includes(application.note), application.note);
      await ann.chat.handleGroupApplication({ handleAction: 'Agree', application });
      await group(bob, id);
    });

    test('an application is there for an admin who comes later', async () => {
      const id = await make('GRP_PUBLIC', { admins: ['dora'] });
      await bob.chat.joinGroup({ groupID: id, applyMessage: 'anybody there?' });
      const dora = await world.open('dora');
      const application = await until('dora finds the application', async () =>
        (await dora.chat.getGroupApplicationList()).data.applicationList.find(it => it.groupID === id));
      await dora.chat.handleGroupApplication({ handleAction: 'Agree', application });
      await group(bob, id);
      await dora.chat.logout();
    });
  });

  describe('inviting', () => {
    test('a member of a work group brings others in', async () => {
      const id = await make('GRP_WORK', { members: ['bob'] });
      const from = marks(ann, bob, carl);
      const { data } = await bob.chat.addGroupMember({ groupID: id, userIDList: ['carl', 'ann', 'nobody'] });
      assert.deepEqual([data.successUserIDList, data.existedUserIDList, data.failureUserIDList], [['carl'], ['ann'], ['nobody']]);
      const it = await notice(carl, id, NOTICE.added, from.get(carl));
      assert.equal(it.payload.operatorID, 'bob');
      await group(carl, id);
      for (const page of [ann, bob]) {
        const it = await tip(page, id, TIP.joined, from.get(page));
        assert.deepEqual([it.payload.operatorID, it.payload.userIDList, it.payload.memberNum], ['bob', ['carl'], 3]);
      }
      await send(carl, id, 'thanks for adding me');
      await ann.messageWithText('thanks for adding me');
    });

    test('somebody who was away finds the group at the next login', async () => {
      const id = await make('GRP_WORK');
      await ann.chat.addGroupMember({ groupID: id, userIDList: ['dora'] });
      await send(ann, id, 'for dora');
      const dora = await world.open('dora');
      await group(dora, id, it => it.selfInfo.role === 'Member');
      const kept = dora.wire.received.filter(it => it.head.servcmd === 'openim.getmsg').flatMap(it => it.body.EventArray ?? []);
      assert.ok(kept.some(it => it.Event === 5 && it.GroupTips[0].ToGroupId === id && it.GroupTips[0].MsgBody.ReportType === NOTICE.added));
      await dora.chat.logout();
    });

    test('an invitation of a member waits where the owner wants that', async () => {
      const id = await make('GRP_PUBLIC', { members: ['bob'], inviteOption: 'NeedPermission' });
      const from = marks(ann, carl);
      const { data } = await bob.chat.addGroupMember({ groupID: id, userIDList: ['carl'] });
      assert.deepEqual(data.successUserIDList, []);
      const it = await notice(ann, id, NOTICE.application, from.get(ann));
      assert.equal(it.payload.operatorID, 'bob');
      const { data: { applicationList } } = await ann.chat.getGroupApplicationList();
      const application = applicationList.find(it => it.groupID === id);
      assert.deepEqual([application.applicant, application.userID, application.applicationType], ['bob', 'carl', 2]);
      await ann.chat.handleGroupApplication({ handleAction: 'Agree', application });
      await notice(carl, id, NOTICE.added, from.get(carl));
      await group(carl, id);
    });

    test('an invitation is answered by the notice, too', async () => {
      const id = await make('GRP_PUBLIC', { members: ['bob'], inviteOption: 'NeedPermission' });
      const from = marks(ann, bob);
      await bob.chat.addGroupMember({ groupID: id, userIDList: ['carl', 'dora'] });
      const message = await notice(ann, id, NOTICE.application, from.get(ann));
      await ann.chat.handleGroupApplication({ handleAction: 'Agree', message });
      await group(carl, id);
      const it = await tip(bob, id, TIP.joined, from.get(bob));
      assert.deepEqual(it.payload.userIDList.toSorted(), ['carl', 'dora']);
    });

    test('the invited decides where the app wants that', async () => {
      const id = await make('GRP_WORK', { members: ['bob'] });
      await world.server.set({ 'groups.invite_needs_consent': true });
      try {
        const from = marks(bob, carl);
        await bob.chat.addGroupMember({ groupID: id, userIDList: ['carl'] });
        const first = await notice(carl, id, NOTICE.invitation, from.get(carl));
        await carl.chat.callExperimentalAPI('handleGroupInvitation', { handleAction: 'Reject', handleMessage: 'no', message: first });
        await notice(bob, id, NOTICE.declined, from.get(bob), it => it.handleMessage === 'no');
        const again = marks(bob, carl);
        await bob.chat.addGroupMember({ groupID: id, userIDList: ['carl'] });
        const message = await notice(carl, id, NOTICE.invitation, again.get(carl));
        await carl.chat.callExperimentalAPI('handleGroupInvitation', { handleAction: 'Agree', handleMessage: 'yes', message });
        await notice(bob, id, NOTICE.accepted, again.get(bob), it => it.handleMessage === 'yes');
        await group(carl, id);
      } finally {
        await world.server.set({ 'groups.invite_needs_consent': false });
      }
    });

    test('nobody invites where invitations are off', async () => {
      const id = await make('GRP_PUBLIC', { members: ['bob'] });
      await assert.rejects(bob.chat.addGroupMember({ groupID: id, userIDList: ['carl'] }), it => it.code !== 0);
      assert.equal(await role(id, 'carl'), 'NotMember');
    });
  });

  describe('leaving', () => {
    test('a removed member is told why and loses the group, the others see it go', async () => {
      const id = await make('GRP_PUBLIC', { admins: ['adam'], members: ['bob', 'carl'] });
      const from = marks(ann, bob, elsewhere, carl);
      await adam.chat.deleteGroupMember({ groupID: id, userIDList: ['bob'], reason: 'spam' });
      for (const page of [bob, elsewhere]) {
        const it = await notice(page, id, NOTICE.kicked, from.get(page));
        assert.deepEqual([it.payload.operatorID, it.payload.handleMessage], ['adam', 'spam']);
        await noGroup(page, id);
      }
      for (const page of [ann, carl]) {
        const it = await tip(page, id, TIP.kicked, from.get(page));
        assert.deepEqual([it.payload.operatorID, it.payload.userIDList, it.payload.memberNum], ['adam', ['bob'], 3]);
      }
      await assert.rejects(adam.chat.deleteGroupMember({ groupID: id, userIDList: ['ann'] }), { code: 10007 });
      await assert.rejects(carl.chat.deleteGroupMember({ groupID: id, userIDList: ['adam'] }), { code: 10007 });
    });

    test('who leaves is gone on all pages, and the others are told', async () => {
      const id = await make('GRP_PUBLIC', { members: ['bob', 'carl'] });
      const from = marks(ann, elsewhere);
      await bob.chat.quitGroup(id);
      await noGroup(bob, id);
      await notice(elsewhere, id, NOTICE.left, from.get(elsewhere));
      await noGroup(elsewhere, id);
      const it = await tip(ann, id, TIP.left, from.get(ann));
      assert.deepEqual([it.payload.operatorID, it.payload.memberNum], ['bob', 2]);
      assert.equal(await role(id, 'bob'), 'NotMember');
    });

    test('the owner leaves a work group only', async () => {
      const id = await make('GRP_PUBLIC');
      await assert.rejects(ann.chat.quitGroup(id), it => it.code !== 0);
      assert.equal(await role(id, 'ann'), 'Owner');
      const work = await make('GRP_WORK', { members: ['bob'] });
      const from = marks(bob);
      await ann.chat.quitGroup(work);
      await tip(bob, work, TIP.left, from.get(bob), it => it.operatorID === 'ann');
      await send(bob, work, 'alone now');
    });
  });

  describe('changing members', () => {
    let id;
    before(async () => {
      id = await make('GRP_PUBLIC', { admins: ['adam'], members: ['bob', 'carl'] });
    });

    test('an admin is made and unmade', async () => {
      const from = marks(ann, bob, elsewhere, carl);
      const { data } = await ann.chat.setGroupMemberRole({ groupID: id, userID: 'bob', role: ann.SDK.TYPES.GRP_MBR_ROLE_ADMIN });
      assert.equal(data.member.role, 'Admin');
      for (const page of [bob, elsewhere]) {
        await notice(page, id, NOTICE.madeAdmin, from.get(page));
        assert.equal(await ownRole(page, id), 'Admin');
      }
      const it = await tip(carl, id, TIP.adminSet, from.get(carl));
      assert.deepEqual([it.payload.operatorID, it.payload.userIDList], ['ann', ['bob']]);
      await assert.rejects(bob.chat.setGroupMemberRole({ groupID: id, userID: 'carl', role: 'Admin' }), it => it.code !== 0);
      await ann.chat.setGroupMemberRole({ groupID: id, userID: 'bob', role: ann.SDK.TYPES.GRP_MBR_ROLE_MEMBER });
      for (const page of [bob, elsewhere]) {
        await notice(page, id, NOTICE.noAdmin, from.get(page));
        assert.equal(await ownRole(page, id), 'Member');
      }
      await tip(carl, id, TIP.adminCancelled, from.get(carl));
      assert.equal(await role(id, 'bob'), 'Member');
    });

    test('a muted member cannot speak until it may again', async () => {
      const from = marks(bob, carl);
      const { data } = await adam.chat.setGroupMemberMuteTime({ groupID: id, userID: 'bob', muteTime: 600 });
      assert.ok(Math.abs(data.member.muteUntil - Date.now() / 1000 - 600) < 60, `muted until ${data.member.muteUntil}`);
      for (const page of [bob, carl]) {
        const it = await tip(page, id, TIP.member, from.get(page));
        assert.deepEqual(it.payload.memberList.map(it => [it.userID, it.muteTime]), [['bob', 600]]);
      }
      await assert.rejects(send(bob, id, 'quiet'), { code: 10017 });
      await assert.rejects(adam.chat.setGroupMemberMuteTime({ groupID: id, userID: 'ann', muteTime: 600 }), { code: 10007 });
      await adam.chat.setGroupMemberMuteTime({ groupID: id, userID: 'bob', muteTime: 0 });
      await tip(bob, id, TIP.member, from.get(bob), it => it.memberList[0].muteTime === 0);
      await send(bob, id, 'loud again');
      await carl.messageWithText('loud again');
    });

    test('cards and custom fields are the own ones, and a leader may change those of others', async () => {
      await bob.chat.setGroupMemberNameCard({ groupID: id, nameCard: 'Bobby' });
      await bob.chat.setGroupMemberCustomField({ groupID: id, userID: 'bob', memberCustomField: [{ key: 'badge', value: 'gold' }] });
      const it = await member(carl, id, 'bob');
      assert.deepEqual([it.nameCard, it.role, it.memberCustomField], ['Bobby', 'Member', [{ key: 'badge', value: 'gold' }]]);
      await send(bob, id, 'with a card');
      const seen = await carl.messageWithText('with a card');
      assert.equal(seen.nameCard, 'Bobby');
      await ann.chat.setGroupMemberNameCard({ groupID: id, userID: 'bob', nameCard: 'Robert' });
      assert.equal((await member(carl, id, 'bob')).nameCard, 'Robert');
      await assert.rejects(carl.chat.setGroupMemberNameCard({ groupID: id, userID: 'bob', nameCard: 'x' }), { code: 10007 });
    });

    test('a receive option is known on the other page and keeps messages away', async () => {
      const { TYPES } = bob.SDK;
      await bob.chat.setMessageRemindType({ groupID: id, messageRemindType: TYPES.MSG_REMIND_DISCARD });
      const option = page => until(`${page.user} knows the option`, async () => {
        const found = (await page.conversations()).find(it => it.conversationID === `GROUP${id}`);
        return found?.messageRemindType === TYPES.MSG_REMIND_DISCARD;
      });
      await Promise.all([option(bob), option(elsewhere)]);
      const from = marks(bob, elsewhere, carl);
      await send(ann, id, 'for those who listen');
      await carl.messageWithText('for those who listen', { from: from.get(carl) });
      await bob.chat.setMessageRemindType({ groupID: id, messageRemindType: TYPES.MSG_REMIND_ACPT_AND_NOTE });
      await send(ann, id, 'for all');
      for (const page of [bob, elsewhere]) {
        await page.messageWithText('for all', { from: from.get(page) });
        assert.ok(page.received(from.get(page)).every(it => it.payload?.text !== 'for those who listen'));
      }
    });

    test('the list of members has pages and roles', async () => {
      const { data: first } = await carl.chat.getGroupMemberList({ groupID: id, count: 3, offset: 0 });
      const { data: second } = await carl.chat.getGroupMemberList({ groupID: id, count: 3, offset: first.offset });
      assert.equal(second.offset, 0, 'it is the end');
      const all = [...first.memberList, ...second.memberList];
      assert.deepEqual(all.map(it => it.userID).toSorted(), ['adam', 'ann', 'bob', 'carl']);
      const bobs = all.find(it => it.userID === 'bob');
      assert.deepEqual([bobs.nick, bobs.role], ['BOB', 'Member']);
      assert.ok(Math.abs(bobs.joinTime - Date.now() / 1000) < 120, `joined at ${bobs.joinTime}`);
      const { data: leaders } = await carl.chat.getGroupMemberList({ groupID: id, role: 'Admin', count: 30, offset: 0 });
      // The older SDK does not ask for a role.
      const asked = carl.requests().findLast(it => it.command === 'group_open_http_svc.get_group_member_info');
      if (asked.body.MemberRoleFilter) assert.deepEqual(leaders.memberList.map(it => it.userID), ['adam']);
    });

    test('the group is handed over', async () => {
      const from = marks(ann, adam, bob, carl);
      await assert.rejects(adam.chat.changeGroupOwner({ groupID: id, newOwnerID: 'bob' }), it => it.code !== 0);
      await ann.chat.changeGroupOwner({ groupID: id, newOwnerID: 'bob' });
      for (const page of [bob, carl]) {
        const it = await tip(page, id, TIP.group, from.get(page));
        assert.equal(it.payload.newGroupProfile.ownerID, 'bob');
        assert.equal((await page.chat.getGroupProfile({ groupID: id })).data.group.ownerID, 'bob');
      }
      await group(bob, id, it => it.selfInfo.role === 'Owner');
      await group(ann, id, it => it.selfInfo.role === 'Member');
      assert.deepEqual([await role(id, 'ann'), await role(id, 'bob')], ['Member', 'Owner']);
      await bob.chat.deleteGroupMember({ groupID: id, userIDList: ['ann'] });
      await noGroup(ann, id);
    });
  });

  test('a community has its members by pages of its own', async () => {
    const id = '@TGS#_crowd';
    await world.server.ok('group_open_http_svc/create_group', {
      Type: 'Community', GroupId: id, Name: 'Crowd', Owner_Account: 'ann', MemberList: [{ Member_Account: 'bob' }],
    });
    await group(bob, id);
    const { data } = await carl.chat.joinGroup({ groupID: id });
    assert.equal(data.status, carl.SDK.TYPES.JOIN_STATUS_SUCCESS);
    const seen = [];
    for (let offset = 0; ;) {
      const { data } = await carl.chat.getGroupMemberList({ groupID: id, count: 1, offset });
      seen.push(...data.memberList.map(it => it.userID));
      if (!data.offset) break;
      offset = data.offset;
    }
    assert.deepEqual(seen.toSorted(), ['ann', 'bob', 'carl']);
  });

  test('all frames were well formed', () => {
    for (const page of [ann, adam, bob, elsewhere, carl]) page.assertFramesAreWellFormed();
  });
}, { settings: SETTINGS });
