// Marks of conversations and conversation groups, seen on two pages of one user. spec/concepts/conversations.md 6 and 7,
// spec/client/pushes.md 3.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c, textBody } from './client.mjs';
import { until } from './poll.mjs';
import { forEachSdk } from './sdks.mjs';

const PEERS = ['bob', 'carol', 'dave'];
const STAR = 1;
const HIDDEN = 8;
/** The first mark that is free for the app: bit 32. */
const OWN_MARK = 2 ** 32;

forEachSdk('Marks and conversation groups', world => {
  let desk;
  let sofa;
  before(async () => {
    await world.server.import('alice', ...PEERS);
    for (const peer of PEERS) await world.server.send(peer, 'alice', textBody(`from ${peer}`));
    desk = await world.open('alice');
    sofa = await world.open('alice');
  });

  /** Waits until the conversation with `peer` on a page is as `is` says. */
  const shows = (page, peer, what, is) => until(`${what} on a page`, async () => {
    const found = await page.conversation(peer);
    return found && is(found) && found;
  });
  const inGroups = (page, peer, ...names) => shows(page, peer, `${peer} is in ${names}`, it =>
    it.conversationGroupList.length === names.length && names.every(name => it.conversationGroupList.includes(name)));
  const groupNames = async page => (await page.chat.getConversationGroupList()).data;
  const succeeded = ({ data }, ...peers) => {
    assert.deepEqual(data.successConversationIDList, peers.map(c2c));
    assert.deepEqual(data.failureConversationIDList, []);
  };

  test('what is marked on one page is marked on the other', async () => {
    const mark = (markType, enableMark, ...peers) =>
      desk.chat.markConversation({ conversationIDList: peers.map(c2c), markType, enableMark });
    const from = sofa.mark();
    succeeded(await mark(STAR, true, 'bob', 'carol'), 'bob', 'carol');
    succeeded(await mark(OWN_MARK, true, 'bob'), 'bob');
    for (const page of [desk, sofa]) {
      await shows(page, 'bob', 'two marks', it => [STAR, OWN_MARK].every(mark => it.markList.includes(mark)));
      await shows(page, 'carol', 'one mark', it => it.markList.length === 1 && it.markList[0] === STAR);
    }
    await sofa.wait('CONVERSATION_LIST_UPDATED', undefined, { from });
    succeeded(await mark(STAR, false, 'bob'), 'bob');
    for (const page of [desk, sofa]) {
      await shows(page, 'bob', 'one mark', it => it.markList.length === 1 && it.markList[0] === OWN_MARK);
    }
  });

  test('custom data set on one page is there on the other', async () => {
    succeeded(await desk.chat.setConversationCustomData({ conversationIDList: [c2c('bob')], customData: 'vip ✿' }), 'bob');
    for (const page of [desk, sofa]) await shows(page, 'bob', 'custom data', it => it.customData === 'vip ✿');
    const tooLong = { conversationIDList: [c2c('bob')], customData: '✿'.repeat(86) };
    const { data } = await desk.chat.setConversationCustomData(tooLong);
    assert.deepEqual(data.failureConversationIDList.map(it => [it.conversationID, it.code]), [[c2c('bob'), 50002]]);
    await desk.chat.setConversationCustomData({ conversationIDList: [c2c('bob')], customData: '' });
    for (const page of [desk, sofa]) await shows(page, 'bob', 'no custom data', it => it.customData === '');
  });

  test('a mark of the backend is told to both pages', async () => {
    const MarkItem = [{ OptType: 3, ContactItem: { Type: 1, To_Account: 'dave' }, SetMark: [3], CustomMark: 'hot' }];
    await world.server.ok('recentcontact/mark_contact', { From_Account: 'alice', MarkItem });
    for (const page of [desk, sofa]) {
      await shows(page, 'dave', 'the mark of the backend', it => it.markList.includes(HIDDEN) && it.customData === 'hot');
    }
  });

  test('groups are made, renamed, refilled and deleted on one page and the other follows', async () => {
    const from = sofa.mark();
    const create = { groupName: 'Work', conversationIDList: [c2c('bob')] };
    succeeded(await desk.chat.createConversationGroup(create), 'bob');
    await sofa.wait('CONVERSATION_GROUP_LIST_UPDATED', names => names.includes('Work'), { from });
    for (const page of [desk, sofa]) await inGroups(page, 'bob', 'Work');

    const add = { groupName: 'Work', conversationIDList: [c2c('carol')] };
    succeeded(await desk.chat.addConversationsToGroup(add), 'carol');
    await sofa.wait('CONVERSATION_IN_GROUP_UPDATED', it => it.groupName === 'Work' && it.conversationList.length === 2, { from });
    for (const page of [desk, sofa]) await inGroups(page, 'carol', 'Work');

    const take = { groupName: 'Work', conversationIDList: [c2c('bob')] };
    succeeded(await desk.chat.deleteConversationsFromGroup(take), 'bob');
    for (const page of [desk, sofa]) await inGroups(page, 'bob');

    await desk.chat.renameConversationGroup({ oldName: 'Work', newName: 'Office' });
    await sofa.wait('CONVERSATION_GROUP_LIST_UPDATED', names => names.includes('Office') && !names.includes('Work'), { from });
    for (const page of [desk, sofa]) {
      await inGroups(page, 'carol', 'Office');
      assert.deepEqual(await groupNames(page), ['Office']);
    }

    await desk.chat.deleteConversationGroup('Office');
    await sofa.wait('CONVERSATION_GROUP_LIST_UPDATED', names => names.length === 0, { from });
    for (const page of [desk, sofa]) await inGroups(page, 'carol');
  });

  test('groups of the backend appear on both pages, and change there', async () => {
    const marks = [desk, sofa].map(page => [page, page.mark()]);
    const contact = peer => ({ Type: 1, To_Account: peer });
    const update = UpdateGroup => world.server.ok('recentcontact/update_contact_group', { From_Account: 'alice', UpdateType: 1, UpdateGroup });
    await world.server.ok('recentcontact/create_contact_group', {
      From_Account: 'alice', GroupContactItem: [{ GroupName: 'Shop', ContactItem: [contact('bob'), contact('carol')] }],
    });
    for (const page of [desk, sofa]) await inGroups(page, 'carol', 'Shop');
    const moves = [[1, 'dave'], [2, 'carol']].map(([ContactOptType, peer]) => ({ ContactOptType, ContactItem: contact(peer) }));
    await update({ UpdateGroupType: 2, OldGroupName: 'Shop', ContactUpdateItem: moves });
    await update({ UpdateGroupType: 1, OldGroupName: 'Shop', NewGroupName: 'Store' });
    for (const [page, from] of marks) {
      await page.wait('CONVERSATION_GROUP_LIST_UPDATED', names => names.includes('Store'), { from });
      await inGroups(page, 'bob', 'Store');
      await inGroups(page, 'dave', 'Store');
      await inGroups(page, 'carol');
    }
    await world.server.ok('recentcontact/del_contact_group', { From_Account: 'alice', GroupName: ['Store'] });
    for (const page of [desk, sofa]) {
      await inGroups(page, 'bob');
      assert.deepEqual(await groupNames(page), []);
    }
  });

  test('a page that logs in later finds marks and groups', async () => {
    await desk.chat.createConversationGroup({ groupName: 'Late', conversationIDList: [c2c('dave')] });
    await sofa.chat.logout();
    const late = await world.open('alice');
    const dave = await inGroups(late, 'dave', 'Late');
    assert.deepEqual([dave.markList, dave.customData], [[HIDDEN], 'hot']);
    assert.deepEqual(await groupNames(late), ['Late']);
  });

  test('a group that is not there cannot be changed', async () => {
    await assert.rejects(desk.chat.renameConversationGroup({ oldName: 'None', newName: 'Other' }), { code: 51009 });
    await assert.rejects(desk.chat.deleteConversationGroup('None'), { code: 51009 });
    desk.assertFramesAreWellFormed();
  });
}, { settings: { 'login.max_web_instances': 2 } });
