// Groups as such: making, listing, changing and dismissing them, attributes, counters, notices of the backend.
// spec/concepts/group-system.md; spec/client/pushes.md 5 and 6.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

/** The tests ask faster than the SDKs let people ask. */
const PACE = ['get_group_self_member_info', 'modify_group_base_info'].map(cmd => ({ cmd, interval: 1, count: 1000 }));
const SETTINGS = {
  'login.max_web_instances': 2,
  'cloud.keys': { evt_rpt_waiting: '10000', cmd_frequency_limit: JSON.stringify(PACE) },
  'groups.attr_writes_per_second': 100,
  'groups.custom_fields': [{ name: 'Team' }, { name: 'Color' }],
};
const KINDS = [
  { name: 'GRP_WORK', stored: 'Private', prefix: '@TGS#1', apply: 'DisableApply', invite: 'FreeAccess' },
  { name: 'GRP_PUBLIC', stored: 'Public', prefix: '@TGS#2', apply: 'NeedPermission', invite: 'DisableInvite' },
  { name: 'GRP_MEETING', stored: 'ChatRoom', prefix: '@TGS#3', apply: 'FreeAccess', invite: 'DisableInvite' },
  { name: 'GRP_COMMUNITY', stored: 'Community', prefix: '@TGS#_@TGS#c', apply: 'FreeAccess', invite: 'FreeAccess' },
];
/** Of `TIMGroupSystemNoticeElem`. */
const NOTICE = { dismissed: 5, added: 7, custom: 255 };

const groups = async page => (await page.chat.getGroupList()).data.groupList;
/** The group as the page knows it, as soon as `fits` accepts it. */
const group = (page, groupID, fits = () => true) => until(`${page.user} has the group ${groupID}`, async () => {
  const found = (await groups(page)).find(it => it.groupID === groupID);
  return found && fits(found) && found;
});
const noGroup = (page, groupID) => until(`${page.user} does not have the group ${groupID}`, async () =>
  (await groups(page)).every(it => it.groupID !== groupID));
const profile = async (page, groupID, more = {}) => (await page.chat.getGroupProfile({ groupID, ...more })).data.group;
const attributes = async (page, groupID) => ({ ...(await page.chat.getGroupAttributes({ groupID, keyList: [] })).data.groupAttributes });
const sorted = it => JSON.stringify(Object.entries(it).sort());
const counters = async (page, groupID, keyList = []) => ({ ...(await page.chat.getGroupCounters({ groupID, keyList })).data.counters });
const isTip = (groupID, operationType) => it => it.type === 'TIMGroupTipElem' && it.to === groupID
  && it.payload.operationType === operationType;
const isNotice = (groupID, operationType) => it => it.type === 'TIMGroupSystemNoticeElem'
  && it.payload.operationType === operationType && it.payload.groupProfile.groupID === groupID;

forEachSdk('Groups', world => {
  let alice;
  let elsewhere;
  let bob;
  const create = async (kind, more = {}) => {
    const options = { type: alice.SDK.TYPES[kind], name: 'Crew', memberList: [{ userID: 'bob' }], ...more };
    const { data } = await alice.chat.createGroup(options);
    return data.group;
  };

  before(async () => {
    await world.server.import('alice', 'bob', 'carol');
    alice = await world.open('alice');
    elsewhere = await world.open('alice');
    bob = await world.open('bob');
  });

  describe('making', () => {
    for (const kind of KINDS) {
      test(`${kind.name}: its maker owns it, its members learn of it, and everybody lists it`, async () => {
        const made = await create(kind.name, { introduction: 'I', notification: 'N', avatar: 'https://cdn.example/g.png' });
        const { groupID } = made;
        assert.ok(groupID.startsWith(kind.prefix), groupID);
        assert.deepEqual([made.type, made.selfInfo.role], [kind.stored, 'Owner']);
        await bob.message(isNotice(groupID, NOTICE.added));
        for (const page of [alice, elsewhere, bob]) {
          assert.equal((await group(page, groupID)).type, kind.stored);
          const it = await profile(page, groupID);
          assert.deepEqual(
            [it.name, it.ownerID, it.joinOption, it.inviteOption, it.muteAllMembers, it.memberCount],
            ['Crew', 'alice', kind.apply, kind.invite, false, 2],
          );
          assert.deepEqual([it.introduction, it.notification, it.avatar], ['I', 'N', 'https://cdn.example/g.png']);
          assert.equal(it.selfInfo.role, page === bob ? 'Member' : 'Owner');
        }
      });
    }

    test('an id of the own is kept, and cannot be taken twice', async () => {
      const it = await create('GRP_PUBLIC', { groupID: 'crew', memberList: [] });
      assert.equal(it.groupID, 'crew');
      await assert.rejects(create('GRP_PUBLIC', { groupID: 'crew' }), { code: 10025 });
      await assert.rejects(bob.chat.createGroup({ type: bob.SDK.TYPES.GRP_PUBLIC, name: 'x', groupID: 'crew' }), { code: 10021 });
    });

    test('members that do not exist make no group', async () => {
      await assert.rejects(create('GRP_PUBLIC', { groupID: 'ghosts', memberList: [{ userID: 'nobody' }] }), { code: 10019 });
      await assert.rejects(profile(alice, 'ghosts'), { code: 10015 });
    });

    test('who is in too many groups is left out and named', async () => {
      const most = (await groups(alice)).length + 2;
      await world.server.import('dave');
      for (let nr = 0; nr < most; nr += 1) {
        await world.server.ok('group_open_http_svc/create_group', { Type: 'Public', Name: 'x', Owner_Account: 'dave' });
      }
      await world.server.set({ 'groups.max_joined': most });
      const memberList = [{ userID: 'bob' }, { userID: 'dave' }];
      const { data } = await alice.chat.createGroup({ type: alice.SDK.TYPES.GRP_PUBLIC, name: 'Crew', memberList });
      assert.deepEqual([...data.overLimitUserIDList], ['dave']);
      assert.equal((await profile(bob, data.group.groupID)).memberCount, 2);
      await world.server.set({ 'groups.max_joined': 1 });
      await assert.rejects(create('GRP_PUBLIC'), { code: 10037 });
      await world.server.set({ 'groups.max_joined': 1000 });
    });

    test('a page that opens later lists them all', async () => {
      const page = await world.open('bob');
      const known = (await groups(bob)).map(it => it.groupID).sort();
      await until('the new page has the same groups', async () => {
        const found = (await groups(page)).map(it => it.groupID).sort();
        return JSON.stringify(found) === JSON.stringify(known);
      });
      await page.chat.logout();
    });
  });

  describe('finding and reading', () => {
    test('by its id anybody finds a group, but for Work groups', async () => {
      const carol = await world.open('carol');
      const found = (await carol.chat.searchGroupByID('crew')).data.group;
      assert.deepEqual([found.groupID, found.name, found.type, found.ownerID, found.memberCount], ['crew', 'Crew', 'Public', 'alice', 1]);
      const { groupID } = await create('GRP_WORK');
      await assert.rejects(carol.chat.searchGroupByID(groupID), { code: 10007 });
      await assert.rejects(carol.chat.searchGroupByID('never'), { code: 10015 });
      await carol.chat.logout();
    });

    test('custom fields that are asked for are read', async () => {
      await world.server.ok('group_open_http_svc/modify_group_base_info', {
        GroupId: 'crew', AppDefinedData: [{ Key: 'Team', Value: 'blue' }, { Key: 'Color', Value: 'red' }],
      });
      const it = await profile(alice, 'crew', { groupCustomFieldFilter: ['Team'] });
      assert.equal(it.groupCustomField.find(it => it.key === 'Team')?.value, 'blue');
    });
  });

  describe('changing', () => {
    let groupID;
    before(async () => {
      ({ groupID } = await create('GRP_PUBLIC', { name: 'Changing' }));
      await group(bob, groupID);
      await group(elsewhere, groupID);
    });
    const CHANGES = [
      { what: 'name', given: { name: 'Changed' }, told: { groupName: 'Changed' } },
      { what: 'introduction', given: { introduction: 'About' }, told: { introduction: 'About' } },
      { what: 'announcement', given: { notification: 'News' }, told: { notification: 'News' } },
      { what: 'avatar', given: { avatar: 'https://cdn.example/new.png' }, told: { avatar: 'https://cdn.example/new.png' } },
      { what: 'join option', given: { joinOption: 'FreeAccess' }, told: { joinOption: 'FreeAccess' } },
      { what: 'invite option', given: { inviteOption: 'FreeAccess' }, told: { inviteOption: 'FreeAccess' } },
      { what: 'mute of all', given: { muteAllMembers: true }, told: { muteAllMembers: true } },
    ];
    for (const { what, given, told } of CHANGES) {
      test(`the ${what} changes for everybody`, async () => {
        const from = bob.mark();
        await alice.chat.updateGroupProfile({ groupID, ...given });
        const tip = await bob.message(isTip(groupID, 6), { from });
        assert.deepEqual(Object.keys(tip.payload.newGroupProfile).filter(it => it in told), Object.keys(told));
        assert.equal(tip.payload.operatorID, 'alice');
        const [[field, value]] = Object.entries(given);
        for (const page of [elsewhere, bob]) await group(page, groupID, it => it[field] === value);
      });
    }

    test('a page that reads the profile has all changes', async () => {
      const it = await profile(bob, groupID);
      for (const { given: [[field, value]] } of CHANGES.map(it => ({ given: Object.entries(it.given) }))) {
        assert.equal(it[field], value, field);
      }
    });

    test('while all are muted only the owner speaks', async () => {
      const say = page => page.send(page.chat.createTextMessage({
        to: groupID, conversationType: page.SDK.TYPES.CONV_GROUP, payload: { text: 'hi' },
      }));
      await assert.rejects(say(bob), { code: 10017 });
      await say(alice);
      await alice.chat.updateGroupProfile({ groupID, muteAllMembers: false });
      await group(bob, groupID, it => it.muteAllMembers === false);
      await say(bob);
    });

    test('custom fields change for everybody and take no number', async () => {
      const [from, before] = [bob.mark(), (await profile(bob, groupID)).nextMessageSeq];
      const groupCustomField = [{ key: 'Team', value: 'green' }];
      await alice.chat.updateGroupProfile({ groupID, groupCustomField });
      await bob.message(isTip(groupID, 6), { from });
      const it = await profile(bob, groupID, { groupCustomFieldFilter: ['Team'] });
      assert.deepEqual(it.groupCustomField.map(it => ({ ...it })), groupCustomField);
      assert.equal(it.nextMessageSeq, before);
    });

    test('a member may not change it, and no value that breaks the rules is taken', async () => {
      await assert.rejects(bob.chat.updateGroupProfile({ groupID, name: 'Mine' }), { code: 10007 });
      await assert.rejects(alice.chat.updateGroupProfile({ groupID, name: 'x'.repeat(101) }), { code: 10004 });
      const groupCustomField = [{ key: 'Other', value: 'x' }];
      await assert.rejects(alice.chat.updateGroupProfile({ groupID, groupCustomField }), { code: 10004 });
      assert.equal((await profile(bob, groupID)).name, 'Changed');
    });

    test('what a backend changes is told in its name', async () => {
      const from = bob.mark();
      await world.server.ok('group_open_http_svc/modify_group_base_info', { GroupId: groupID, Name: 'By REST' });
      const tip = await bob.message(isTip(groupID, 6), { from });
      assert.equal(tip.payload.operatorID, 'administrator');
      await group(bob, groupID, it => it.name === 'By REST');
    });
  });

  describe('attributes', () => {
    let groupID;
    before(async () => {
      ({ groupID } = await create('GRP_PUBLIC', { name: 'Attributes' }));
      await group(bob, groupID);
      await group(elsewhere, groupID);
    });
    /** What pages are told after `act`, apart from the one that acts. */
    const told = async (act, expected) => {
      const pages = [elsewhere, bob];
      for (const page of pages) await attributes(page, groupID);
      const marks = pages.map(page => page.mark());
      await act();
      for (const [at, page] of pages.entries()) {
        const isIt = it => it.groupID === groupID && sorted(it.groupAttributes) === sorted(expected);
        await page.wait('GROUP_ATTRIBUTES_UPDATED', isIt, { from: marks[at] });
      }
      await until('the page that acted has them too', async () => sorted(await attributes(alice, groupID)) === sorted(expected));
    };

    test('they are set', () => told(
      () => alice.chat.initGroupAttributes({ groupID, groupAttributes: { stage: 'open', round: '1' } }),
      { stage: 'open', round: '1' },
    ));

    test('some of them change', () => told(
      () => alice.chat.setGroupAttributes({ groupID, groupAttributes: { round: '2', seat: 'bob' } }),
      { stage: 'open', round: '2', seat: 'bob' },
    ));

    test('some of them go', () => told(
      () => alice.chat.deleteGroupAttributes({ groupID, keyList: ['seat'] }),
      { stage: 'open', round: '2' },
    ));

    test('members change them in turn', async () => {
      await bob.chat.setGroupAttributes({ groupID, groupAttributes: { round: '3' } });
      await until('alice has what bob wrote', async () => (await attributes(alice, groupID)).round === '3');
      await alice.chat.setGroupAttributes({ groupID, groupAttributes: { round: '4' } });
      await until('bob has what alice wrote', async () => (await attributes(bob, groupID)).round === '4');
    });

    test('what a backend writes is told', () => told(
      () => world.server.ok('group_open_http_svc/modify_group_attr', { GroupId: groupID, GroupAttr: [{ key: 'round', value: '5' }] }),
      { stage: 'open', round: '5' },
    ));

    test('all of them go', () => told(
      () => alice.chat.deleteGroupAttributes({ groupID, keyList: [] }),
      {},
    ));
  });

  describe('counters', () => {
    let groupID;
    before(async () => {
      ({ groupID } = await create('GRP_MEETING', { name: 'Counters' }));
      await group(bob, groupID);
      await group(elsewhere, groupID);
    });
    const told = async (act, key, value) => {
      const pages = [alice, elsewhere, bob];
      const marks = pages.map(page => page.mark());
      const { data } = await act();
      assert.equal(data.counters[key], value);
      for (const [at, page] of pages.entries()) {
        await page.wait('GROUP_COUNTER_UPDATED', it => it.groupID === groupID && it.key === key && it.value === value, { from: marks[at] });
        assert.equal((await counters(page, groupID, [key]))[key], value);
      }
    };

    test('they are set', () => told(() => alice.chat.setGroupCounters({ groupID, counters: { likes: 5, views: 9 } }), 'likes', 5));
    test('they are raised', () => told(() => bob.chat.increaseGroupCounter({ groupID, key: 'likes', value: 3 }), 'likes', 8));
    test('they are lowered', () => told(() => alice.chat.decreaseGroupCounter({ groupID, key: 'likes', value: 10 }), 'likes', -2));

    test('a page that opens later reads them all', async () => {
      const page = await world.open('bob');
      assert.deepEqual(await counters(page, groupID), { likes: -2, views: 9 });
      await page.chat.logout();
    });
  });

  describe('notices of the backend', () => {
    test('online members get them, on every page', async () => {
      const { groupID } = await create('GRP_PUBLIC', { name: 'Notices' });
      await group(bob, groupID);
      const marks = [alice, elsewhere, bob].map(page => [page, page.mark()]);
      await world.server.ok('group_open_http_svc/send_group_system_notification', { GroupId: groupID, Content: '{"in":60}' });
      for (const [page, from] of marks) {
        const it = await page.message(isNotice(groupID, NOTICE.custom), { from });
        assert.deepEqual([it.payload.userDefinedField, it.payload.operatorID], ['{"in":60}', 'administrator']);
      }
    });

    test('chosen members get them alone', async () => {
      const { groupID } = await create('GRP_PUBLIC', { name: 'Notices' });
      await group(bob, groupID);
      const [mine, his] = [alice.mark(), bob.mark()];
      const notify = (Content, more) =>
        world.server.ok('group_open_http_svc/send_group_system_notification', { GroupId: groupID, Content, ...more });
      await notify('for bob', { ToMembers_Account: ['bob'] });
      await notify('for all');
      await alice.message(isNotice(groupID, NOTICE.custom), { from: mine });
      const texts = page => page.received(page === alice ? mine : his)
        .filter(isNotice(groupID, NOTICE.custom)).map(it => it.payload.userDefinedField);
      await until('bob has both', () => texts(bob).length === 2);
      assert.deepEqual([texts(alice), texts(bob)], [['for all'], ['for bob', 'for all']]);
    });
  });

  describe('dismissing', () => {
    for (const kind of ['GRP_PUBLIC', 'GRP_MEETING', 'GRP_COMMUNITY']) {
      test(`${kind}: it goes from the lists of all`, async () => {
        const { groupID } = await create(kind, { name: 'Gone' });
        for (const page of [elsewhere, bob]) await group(page, groupID);
        const from = bob.mark();
        await assert.rejects(bob.chat.dismissGroup(groupID), { code: 10007 });
        const { data } = await alice.chat.dismissGroup(groupID);
        assert.equal(data.groupID, groupID);
        await bob.message(isNotice(groupID, NOTICE.dismissed), { from });
        await Promise.all([alice, elsewhere, bob].map(page => noGroup(page, groupID)));
        await assert.rejects(profile(bob, groupID), { code: 10010 });
      });
    }

    test('a Work group is dismissed by a backend alone', async () => {
      const { groupID } = await create('GRP_WORK', { name: 'Gone' });
      for (const page of [elsewhere, bob]) await group(page, groupID);
      await assert.rejects(alice.chat.dismissGroup(groupID));
      await world.server.ok('group_open_http_svc/destroy_group', { GroupId: groupID });
      await Promise.all([alice, elsewhere, bob].map(page => noGroup(page, groupID)));
    });

    test('who was away finds it gone', async () => {
      const { groupID } = await create('GRP_PUBLIC', { name: 'Gone', memberList: [{ userID: 'carol' }] });
      await group(elsewhere, groupID);
      await alice.chat.dismissGroup(groupID);
      const carol = await world.open('carol');
      await noGroup(carol, groupID);
      await carol.chat.logout();
    });
  });
}, { settings: SETTINGS });
