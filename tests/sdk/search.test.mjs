// Searching in the cloud. spec/client/commands/*_search.query.yaml.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { c2c, textBody } from './client.mjs';
import { until } from './poll.mjs';
import { forEachSdk, SDKS } from './sdks.mjs';

const groupOf = id => `GROUP${id}`;
/** New data is found within this time. */
const FOUND_MS = 2000;
/** Only this one has searches. */
const SEARCHING = SDKS.filter(it => it.packageName === '@tencentcloud/chat');

forEachSdk('Searching', world => {
  let alice;
  let bob;
  let carol;
  let dora;
  const found = (page, ...keywordList) => messages(page, { keywordList });

  /** Conversations and how many hits each has. */
  async function messages(page, query) {
    const { data } = await page.chat.searchCloudMessages(query);
    return data.searchResultList.map(it => [it.conversationID, it.messageCount]);
  }

  /** The texts found in a conversation, newest first. */
  async function texts(page, conversationID, ...keywordList) {
    const { data } = await page.chat.searchCloudMessages({ keywordList, conversationID });
    return data.searchResultList.flatMap(it => it.messageList.map(message => message.payload.text));
  }

  before(async () => {
    for (const [UserID, Nick] of [['alice', 'Alice 小王'], ['bob', 'Bobby'], ['carol', 'Carol'], ['dora', 'Dora']]) {
      await world.server.ok('im_open_login_svc/account_import', { UserID, Nick });
    }
    await world.server.ok('group_open_http_svc/create_group', {
      Type: 'Public', GroupId: 'team', Name: '北京天气 Club', Owner_Account: 'alice', MemberList: [{ Member_Account: 'bob' }],
    });
    alice = await world.open('alice');
    bob = await world.open('bob');
    carol = await world.open('carol');
    dora = await world.open('dora');
  });

  test('what was just sent is found by both people, in any case, and by no stranger', async () => {
    await alice.sendText('bob', 'Where is the Needle?');
    await until('the message is found', async () => (await found(bob, 'NEEDLE')).length === 1, FOUND_MS);
    assert.deepEqual(await found(alice, 'needle'), [[c2c('bob'), 1]]);
    assert.deepEqual(await found(bob, 'eedl'), [[c2c('alice'), 1]]);
    assert.deepEqual(await texts(bob, c2c('alice'), 'needle'), ['Where is the Needle?']);
    for (const stranger of [carol, dora]) assert.deepEqual(await found(stranger, 'needle'), []);
  });

  test('one, two and three Chinese characters are found', async () => {
    await bob.sendText('alice', '今天天气很好');
    await alice.sendText('carol', '明天见');
    for (const word of ['气', '天气', '天气很']) {
      assert.deepEqual(await found(alice, word), [[c2c('bob'), 1]], word);
    }
    assert.deepEqual((await found(alice, '天')).map(it => it[0]).sort(), [c2c('bob'), c2c('carol')]);
    assert.deepEqual(await found(alice, '气天'), []);
  });

  test('all of the keywords, or any', async () => {
    const search = keywordListMatchType =>
      messages(alice, { keywordList: ['needle', '天气'], keywordListMatchType, conversationID: c2c('bob') });
    assert.deepEqual(await search('or'), [[c2c('bob'), 2]]);
    assert.deepEqual(await search('and'), []);
  });

  test('by sender and by type, without a keyword', async () => {
    assert.deepEqual(await messages(alice, { senderUserIDList: ['bob'] }), [[c2c('bob'), 1]]);
    await carol.send(carol.compose('Custom', 'alice', { data: 'a thing', description: '', extension: '' }));
    assert.deepEqual(await messages(alice, { messageTypeList: ['TIMCustomElem'] }), [[c2c('carol'), 1]]);
  });

  test('a recalled message is found no more', async () => {
    const sent = await alice.sendText('bob', 'a secret haystack');
    assert.equal((await found(bob, 'haystack')).length, 1);
    await alice.chat.revokeMessage(sent);
    for (const page of [alice, bob]) assert.deepEqual(await found(page, 'haystack'), []);
  });

  test('a modified message is found by what it says now', async () => {
    const sent = await alice.sendText('bob', 'an old umbrella');
    sent.payload.text = 'a new raincoat';
    await alice.chat.modifyMessage(sent);
    assert.deepEqual(await found(bob, 'umbrella'), []);
    assert.deepEqual(await found(bob, 'raincoat'), [[c2c('alice'), 1]]);
  });

  test('members of a group see from when they came on', async () => {
    const say = text => world.server.ok('group_open_http_svc/send_group_msg', {
      GroupId: 'team', From_Account: 'alice', Random: Math.floor(Math.random() * 2 ** 32), MsgBody: textBody(text),
    });
    await say('the first 暗号');
    await world.server.ok('group_open_http_svc/add_group_member', { GroupId: 'team', MemberList: [{ Member_Account: 'carol' }] });
    await say('the second 暗号');
    assert.deepEqual(await texts(bob, groupOf('team'), '暗号'), ['the second 暗号', 'the first 暗号']);
    assert.deepEqual(await texts(carol, groupOf('team'), '暗号'), ['the second 暗号']);
    assert.deepEqual(await found(dora, '暗号'), []);
  });

  test('pages of one conversation', async () => {
    for (const number of [1, 2, 3, 4, 5]) await alice.sendText('carol', `page ${number}`);
    const seen = [];
    let cursor = '';
    do {
      const { data } = await alice.chat.searchCloudMessages({ keywordList: ['page'], conversationID: c2c('carol'), count: 2, cursor });
      assert.equal(data.totalCount, 5);
      const page = data.searchResultList[0].messageList.map(it => it.payload.text);
      assert.ok(page.length <= 2);
      seen.push(...page);
      cursor = data.cursor;
    } while (cursor);
    assert.deepEqual(seen.sort(), ['page 1', 'page 2', 'page 3', 'page 4', 'page 5']);
  });

  test('users by id and by a part of the nickname', async () => {
    const search = async (...keywordList) => (await alice.chat.searchCloudUsers({ keywordList })).data.searchResultList.map(it => [it.userID, it.nick]);
    assert.deepEqual(await search('bob'), [['bob', 'Bobby']]);
    assert.deepEqual(await search('小'), [['alice', 'Alice 小王']]);
    await bob.chat.updateMyProfile({ nick: 'Robert' });
    assert.deepEqual(await search('ROB'), [['bob', 'Robert']]);
    assert.deepEqual(await search('bobb'), []);
  });

  test('groups by a part of the name', async () => {
    const { data } = await dora.chat.searchCloudGroups({ keywordList: ['天气'] });
    assert.deepEqual(data.searchResultList.map(it => [it.groupID, it.name, it.type]), [['team', '北京天气 Club', 'Public']]);
    assert.equal(data.totalCount, 1);
  });

  test('members of own groups', async () => {
    const search = async page => (await page.chat.searchCloudGroupMembers({ keywordList: ['小王'] })).data.searchResultList
      .map(it => [it.groupInfo.groupID, it.memberList.map(member => member.userID)]);
    assert.deepEqual(await search(bob), [['team', ['alice']]]);
    assert.deepEqual(await search(dora), []);
  });

  test('an app without searches says so', async () => {
    await world.server.set({ 'search.enabled': false });
    await until('the app has no searches', async () => {
      try {
        await alice.chat.searchCloudUsers({ keywordList: ['bob'] });
        return false;
      } catch (error) {
        assert.equal(error.code, 60020);
        return true;
      }
    });
    await world.server.set({ 'search.enabled': true });
  });
}, { sdks: SEARCHING });
