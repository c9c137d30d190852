// Invitations of one user and of members of a group. They are custom messages; the SDK makes events of them.
// spec/client/coverage.md, TSignaling
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from './poll.mjs';
import { forEachSdk, MODULAR, NEWEST } from './sdks.mjs';

const EVENTS = ['NEW_INVITATION_RECEIVED', 'INVITEE_ACCEPTED', 'INVITEE_REJECTED', 'INVITATION_CANCELLED', 'INVITATION_TIMEOUT',
  'INVITATION_MODIFIED'];
/** Long enough for no test to reach it. Seconds. */
const LONG = 60;

/** A page that notes its signals. */
async function listening(world, user) {
  const page = await world.open();
  page.signals = [];
  page.listeners = EVENTS.map(name => [name, ({ data }) => page.signals.push({ name, ...data })]);
  for (const [name, listener] of page.listeners) page.chat.addSignalingListener(page.SDK.TSignaling[name], listener);
  /** The signal of this name about an invitation. */
  page.signal = (name, inviteID, pick = () => true) => until(`${user} hears ${name}`, () =>
    page.signals.find(it => it.name === name && it.inviteID === inviteID && pick(it)));
  await page.login(user);
  await page.synced();
  return page;
}

forEachSdk('Signaling', world => {
  let alice, bob, carol;
  before(async () => {
    const { server } = world;
    await server.import('alice', 'bob', 'carol');
    await server.ok('group_open_http_svc/create_group', {
      Type: 'Public', GroupId: 'callers', Name: 'Callers', Owner_Account: 'alice',
      MemberList: ['bob', 'carol'].map(it => ({ Member_Account: it })),
    });
    alice = await listening(world, 'alice');
    bob = await listening(world, 'bob');
    carol = await listening(world, 'carol');
  });
  /** An invitation of bob that has reached him. */
  async function invited(more = {}) {
    const { inviteID } = await alice.chat.invite({ userID: 'bob', data: 'a call', timeout: LONG, ...more });
    await bob.signal('NEW_INVITATION_RECEIVED', inviteID);
    return inviteID;
  }

  test('who is invited hears by whom and to what, and may accept', async () => {
    const inviteID = await invited();
    const heard = await bob.signal('NEW_INVITATION_RECEIVED', inviteID);
    assert.deepEqual([heard.inviter, heard.inviteeList, heard.data, heard.groupID], ['alice', ['bob'], 'a call', '']);
    await bob.chat.accept({ inviteID, data: 'coming' });
    const answer = await alice.signal('INVITEE_ACCEPTED', inviteID);
    assert.deepEqual([answer.invitee, answer.data], ['bob', 'coming']);
  });

  test('an invitation may be rejected', async () => {
    const inviteID = await invited();
    await bob.chat.reject({ inviteID, data: 'busy' });
    assert.equal((await alice.signal('INVITEE_REJECTED', inviteID)).data, 'busy');
    await assert.rejects(bob.chat.accept({ inviteID }), 'it is over');
  });

  test('an invitation may be taken back', async () => {
    const inviteID = await invited();
    await alice.chat.cancel({ inviteID, data: 'never mind' });
    assert.equal((await bob.signal('INVITATION_CANCELLED', inviteID)).data, 'never mind');
  });

  test('an invitation that nobody answers ends for both', async () => {
    const inviteID = await invited({ timeout: 1 });
    assert.equal((await alice.signal('INVITATION_TIMEOUT', inviteID)).isSelfTimeout ?? false, false);
    await bob.signal('INVITATION_TIMEOUT', inviteID);
  });

  test('an invitation may be changed before it is answered', async () => {
    const inviteID = await invited();
    await alice.chat.modifyInvitation({ inviteID, data: 'a longer call' });
    assert.equal((await bob.signal('INVITATION_MODIFIED', inviteID)).data, 'a longer call');
    await bob.chat.accept({ inviteID });
    await alice.signal('INVITEE_ACCEPTED', inviteID);
  });

  test('inviteSync gives the id at once and tells later that it was sent', async () => {
    const sent = new Promise((resolve, reject) => {
      const inviteID = alice.chat.inviteSync({ userID: 'bob', data: 'sync', timeout: LONG }, () => resolve(inviteID), reject);
    });
    const inviteID = await sent;
    assert.equal((await bob.signal('NEW_INVITATION_RECEIVED', inviteID)).data, 'sync');
    await bob.chat.accept({ inviteID });
    await alice.signal('INVITEE_ACCEPTED', inviteID);
  });

  test('members of a group are invited together and each answers for itself', async () => {
    const { inviteID } = await alice.chat.inviteInGroup({
      groupID: 'callers', inviteeList: ['bob', 'carol'], data: 'all of you', timeout: LONG,
    });
    for (const page of [bob, carol]) {
      const heard = await page.signal('NEW_INVITATION_RECEIVED', inviteID);
      assert.deepEqual([heard.groupID, heard.inviteeList], ['callers', ['bob', 'carol']]);
    }
    await bob.chat.accept({ inviteID });
    await carol.chat.reject({ inviteID });
    await alice.signal('INVITEE_ACCEPTED', inviteID, it => it.invitee === 'bob');
    await alice.signal('INVITEE_REJECTED', inviteID, it => it.invitee === 'carol');
  });

  test('inviteInGroupSync does the same, and the group may be told to forget it', async () => {
    const inviteID = await new Promise((resolve, reject) => {
      const id = alice.chat.inviteInGroupSync(
        { groupID: 'callers', inviteeList: ['bob'], data: 'sync', timeout: LONG }, () => resolve(id), reject,
      );
    });
    await bob.signal('NEW_INVITATION_RECEIVED', inviteID);
    await alice.chat.cancel({ inviteID });
    await bob.signal('INVITATION_CANCELLED', inviteID);
  });

  test('an invitation for those online alone leaves nothing in the history', async () => {
    const inviteID = await invited({ onlineUserOnly: true, data: 'fleeting' });
    await bob.chat.accept({ inviteID });
    await alice.signal('INVITEE_ACCEPTED', inviteID);
    const { messageList } = await bob.history('alice');
    assert.ok(!messageList.some(it => it.payload.data?.includes('fleeting')));
  });

  test('an invitation in the history can be read as one', async () => {
    const inviteID = await invited({ data: 'to be read' });
    await bob.chat.reject({ inviteID });
    const { messageList } = await bob.history('alice');
    const found = messageList.map(it => bob.chat.getSignalingInfo(it)).filter(it => it?.inviteID === inviteID);
    const { ACTION_TYPE_INVITE, ACTION_TYPE_REJECT_INVITE } = bob.SDK.TSignaling;
    assert.deepEqual(found.map(it => it.actionType), [ACTION_TYPE_INVITE, ACTION_TYPE_REJECT_INVITE]);
    const plain = await bob.sendText('alice', 'no invitation');
    assert.equal(bob.chat.getSignalingInfo(plain), null);
  });

  test('a page that comes late finds the invitation that still stands', async () => {
    await assert.rejects(alice.chat.invite({ userID: 'nobody', data: 'x', timeout: LONG }), 'there must be such a user');
    await world.server.import('erin');
    const sent = await alice.chat.invite({ userID: 'erin', data: 'for later', timeout: LONG });
    const erin = await listening(world, 'erin');
    assert.equal((await erin.signal('NEW_INVITATION_RECEIVED', sent.inviteID)).data, 'for later');
  });

  test('a listener that was taken off hears nothing more', async () => {
    for (const [name, listener] of carol.listeners) carol.chat.removeSignalingListener(carol.SDK.TSignaling[name], listener);
    const count = carol.signals.length;
    const from = carol.mark();
    await alice.chat.invite({ userID: 'carol', data: 'unheard', timeout: LONG });
    await carol.message(it => it.payload.data?.includes('unheard'), { from });
    assert.equal(carol.signals.length, count);
  });
}, { sdks: [...NEWEST, MODULAR] });
