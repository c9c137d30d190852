// Profiles of users. spec/client/commands/profile.portrait_set.yaml, profile.portrait_get_all.yaml; spec/concepts/profiles.md.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { forEachSdk } from './sdks.mjs';

const TEAM = 'Tag_Profile_Custom_Team';
const SETTINGS = {
  'login.max_web_instances': 2,
  'custom_fields.profile': [{ name: TEAM, type: 'string' }],
};

/** Fields that the user may set itself: as the SDK names them, with a value. */
const OWN = {
  nick: 'Alice ✿',
  avatar: 'https://cdn.example/alice.png',
  gender: 'Gender_Type_Female',
  birthday: 19900401,
  selfSignature: 'carpe diem',
  language: 3,
  level: 12,
  role: 4,
  allowType: 'AllowType_Type_NeedConfirm',
};

forEachSdk('Profiles', world => {
  let alice;
  let elsewhere;
  before(async () => {
    await world.server.ok('im_open_login_svc/account_import', { UserID: 'bob', Nick: 'Bob', FaceUrl: 'https://cdn.example/b.png' });
    alice = await world.open('alice');
    elsewhere = await world.open('alice');
  });

  test('a user changes its profile, and everybody reads the new one', async () => {
    const from = elsewhere.mark();
    const custom = [{ key: TEAM, value: 'red' }];
    await alice.chat.updateMyProfile({ ...OWN, profileCustomField: custom });
    const { data: mine } = await alice.chat.getMyProfile();
    const told = await elsewhere.wait('PROFILE_UPDATED', list => list.find(it => it.userID === 'alice'), { from });
    const bob = await world.open('bob');
    const { data: [seen] } = await bob.chat.getUserProfile({ userIDList: ['alice'] });
    for (const profile of [mine, told, seen]) {
      for (const [name, value] of Object.entries(OWN)) assert.equal(profile[name], value, name);
      assert.deepEqual(profile.profileCustomField, custom);
    }
  });

  test('the new nick and avatar go with the next message', async () => {
    const bob = await world.open('bob');
    await alice.sendText('bob', 'signed');
    const got = await bob.messageWithText('signed');
    assert.deepEqual([got.nick, got.avatar], [OWN.nick, OWN.avatar]);
  });

  test('a change by the backend is told to all pages of the user', async () => {
    const marks = [alice, elsewhere].map(page => [page, page.mark()]);
    const ProfileItem = [{ Tag: 'Tag_Profile_IM_Nick', Value: 'Alicia' }, { Tag: 'Tag_Profile_IM_Level', Value: 99 }];
    await world.server.ok('profile/portrait_set', { From_Account: 'alice', ProfileItem });
    for (const [page, from] of marks) {
      const told = await page.wait('PROFILE_UPDATED', list => list.find(it => it.nick === 'Alicia'), { from });
      assert.deepEqual([told.userID, told.level], ['alice', 99]);
    }
  });

  test('an unknown user has no profile, and does not disturb those of the others', async () => {
    const { data } = await alice.chat.getUserProfile({ userIDList: ['nobody', 'bob', 'no one'] });
    assert.deepEqual(data.map(it => [it.userID, it.nick]), [['bob', 'Bob']]);
  });

  test('what the rules forbid is refused and changes nothing', async () => {
    const refused = [
      [{ nick: 'half', profileCustomField: [{ key: TEAM, value: 'x'.repeat(501) }] }, 40601],
      [{ profileCustomField: [{ key: 'Tag_Profile_Custom_Other', value: 'x' }] }, 40009],
      [{ nick: 'half', adminForbidType: 'AdminForbid_Type_SendOut' }, 40008],
    ];
    for (const [change, code] of refused) await assert.rejects(alice.chat.updateMyProfile(change), { code });
    const { UserProfileItem: [{ ProfileItem: [nick] }] } = await world.server.ok('profile/portrait_get', {
      To_Account: ['alice'], TagList: ['Tag_Profile_IM_Nick'],
    });
    assert.equal(nick.Value, 'Alicia');
  });
}, { settings: SETTINGS });
