// The life of two hundred people: friends, requests, lists, blocks, profiles, on several devices. Half of them are
// driven by a backend through REST, half by unmodified SDKs; a plain model says what each call has to answer, and
// in the end what everybody has, as the backend reads it and as the SDKs show it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Model } from './life-model.mjs';
import { until } from './poll.mjs';
import { forEachSdk, SDKS } from './sdks.mjs';

const PEOPLE = 200;
/** People that are up at the same time. */
const SHIFT = 20;
const ACTIONS = 20;
const SEED = Number(process.env.LIFE_SEED ?? 1);
const LISTS = ['Team', 'Chess ✿'];
const ALLOW = ['AllowType_Type_AllowAny', 'AllowType_Type_AllowAny', 'AllowType_Type_NeedConfirm', 'AllowType_Type_NeedConfirm', 'AllowType_Type_DenyAny'];

const name = index => `p${String(index).padStart(3, '0')}`;
const byRest = user => Number(user.slice(1)) % 2 === 0;

/** A small generator, so that a life can be lived again. */
function dice(seed) {
  let state = seed >>> 0;
  return sides => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** The code of an answer of a batch with one item. */
const codeOf = answer => (answer.ErrorCode !== 0 ? answer.ErrorCode : answer.ResultItem?.[0]?.ResultCode ?? 0);

/** What a person does through the backend. */
class Backend {
  constructor(server, user) {
    this.server = server;
    this.user = user;
  }

  async #call(command, body) {
    return codeOf(await this.server.rest(command, { From_Account: this.user, ...body }));
  }

  add(to, { remark, list, mutual, forced }) {
    const item = { To_Account: to, AddSource: 'AddSource_Type_Life', Remark: remark, GroupName: list };
    const AddType = mutual ? 'Add_Type_Both' : 'Add_Type_Single';
    return this.#call('sns/friend_add', { AddFriendItem: [item], AddType, ForceAddFlags: forced ? 1 : 0 });
  }

  remark(to, remark) {
    return this.#call('sns/friend_update', { UpdateItem: [{ To_Account: to, SnsItem: [{ Tag: 'Tag_SNS_IM_Remark', Value: remark }] }] });
  }

  unfriend(to, both) {
    return this.#call('sns/friend_delete', { To_Account: [to], DeleteType: both ? 'Delete_Type_Both' : 'Delete_Type_Single' });
  }

  block(to) {
    return this.#call('sns/black_list_add', { To_Account: [to] });
  }

  unblock(to) {
    return this.#call('sns/black_list_delete', { To_Account: [to] });
  }

  list(list, friend) {
    return this.#call('sns/group_add', { GroupName: [list], To_Account: [friend] });
  }

  fill(list, friend) {
    return this.list(list, friend);
  }

  knows() {
    return true;
  }

  dropList(list) {
    return this.#call('sns/group_delete', { GroupName: [list] });
  }

  profile({ nick, allowType, selfSignature }) {
    const values = { Tag_Profile_IM_Nick: nick, Tag_Profile_IM_AllowType: allowType, Tag_Profile_IM_SelfSignature: selfSignature };
    const ProfileItem = Object.entries(values).filter(it => it[1] !== undefined).map(([Tag, Value]) => ({ Tag, Value }));
    return this.#call('profile/portrait_set', { ProfileItem });
  }
}

/** What an SDK found out without asking the server. */
const REFUSED = 'refused by the SDK itself';

/** The same through an SDK. Codes are taken from the wire: some calls of the SDK do not give them on. */
class Page {
  constructor(page) {
    this.page = page;
    this.chat = page.chat;
    this.types = page.SDK.TYPES;
  }

  async #ask(command, call) {
    const before = this.page.requests().length;
    await call().catch(error => assert.equal(typeof error.code, 'number', String(error.stack)));
    const request = this.page.requests().slice(before).find(it => it.command === command);
    return request ? codeOf(this.page.answer(request)) : REFUSED;
  }

  add(to, { remark, list, mutual }) {
    const type = mutual ? this.types.SNS_ADD_TYPE_BOTH : this.types.SNS_ADD_TYPE_SINGLE;
    const given = { to, source: 'AddSource_Type_Life', remark, groupName: list, wording: 'hello', type };
    return this.#ask('sns.friend_add', () => this.chat.addFriend(given));
  }

  answer(from, how, remark) {
    const { SNS_APPLICATION_AGREE_AND_ADD: both, SNS_APPLICATION_AGREE: agree } = this.types;
    return this.#ask('sns.friend_response', () => (how === 'refuse'
      ? this.chat.refuseFriendApplication({ userID: from })
      : this.chat.acceptFriendApplication({ userID: from, remark, type: how === 'both' ? both : agree })));
  }

  withdraw(to) {
    const type = this.types.SNS_APPLICATION_SENT_BY_ME;
    return this.#ask('sns.pendency_delete', () => this.chat.deleteFriendApplication({ userID: to, type }));
  }

  remark(to, remark) {
    return this.#ask('sns.friend_update', () => this.chat.updateFriend({ userID: to, remark }));
  }

  unfriend(to, both) {
    const type = both ? this.types.SNS_DELETE_TYPE_BOTH : this.types.SNS_DELETE_TYPE_SINGLE;
    return this.#ask('sns.friend_delete', () => this.chat.deleteFriend({ userIDList: [to], type }));
  }

  block(to) {
    return this.#ask('sns.black_list_add', () => this.chat.addToBlacklist({ userIDList: [to] }));
  }

  unblock(to) {
    return this.#ask('sns.black_list_delete', () => this.chat.removeFromBlacklist({ userIDList: [to] }));
  }

  async knows(list) {
    const { data } = await this.chat.getFriendGroupList();
    return data.some(it => it.name === list);
  }

  list(list, friend) {
    return this.#ask('sns.group_add', () => this.chat.createFriendGroup({ name: list, userIDList: [friend] }));
  }

  async fill(list, friend) {
    const { data } = await this.chat.getFriendList();
    // It leaves out strangers, and asks even if nobody is left.
    if (data.every(it => it.userID !== friend)) return REFUSED;
    return this.#ask('sns.group_update', () => this.chat.addToFriendGroup({ name: list, userIDList: [friend] }));
  }

  dropList(list) {
    return this.#ask('sns.group_delete', () => this.chat.deleteFriendGroup({ name: list }));
  }

  profile(change) {
    return this.#ask('profile.portrait_set', () => this.chat.updateMyProfile(change));
  }
}

/** What the backend reads of a person, in the form of the model. */
async function readByRest(server, user) {
  const friends = [];
  for (let StartIndex = 0, complete = 0; !complete;) {
    const page = await server.ok('sns/friend_get', { From_Account: user, StartIndex });
    for (const { To_Account, ValueItem } of page.UserDataItem) {
      const value = tag => ValueItem.find(it => it.Tag === `Tag_SNS_IM_${tag}`)?.Value;
      friends.push([To_Account, value('Remark') ?? '', (value('Group') ?? []).toSorted()]);
    }
    [StartIndex, complete] = [page.NextStartIndex, page.CompleteFlag];
  }
  const { ResultItem } = await server.ok('sns/group_get', { From_Account: user, NeedFriend: 'Need_Friend_Type_Yes' });
  const { BlackListItem } = await server.ok('sns/black_list_get', { From_Account: user, StartIndex: 0, MaxLimited: 1000, LastSequence: 0 });
  const tags = { nick: 'Nick', allowType: 'AllowType', selfSignature: 'SelfSignature' };
  const TagList = Object.values(tags).map(it => `Tag_Profile_IM_${it}`);
  const { UserProfileItem: [{ ProfileItem }] } = await server.ok('profile/portrait_get', { To_Account: [user], TagList });
  const field = tag => ProfileItem.find(it => it.Tag === `Tag_Profile_IM_${tag}`)?.Value ?? '';
  return {
    profile: Object.fromEntries(Object.entries(tags).map(([key, tag]) => [key, field(tag)])),
    friends: friends.sort(),
    lists: ResultItem.map(it => [it.GroupName, it.To_Account.toSorted()]).sort(),
    blocked: BlackListItem.map(it => it.To_Account).sort(),
  };
}

/** What an SDK shows of its user, in the form of the model. */
async function readBySdk({ chat, SDK }) {
  const [friends, groups, blocked, applications, mine] = await Promise.all([
    chat.getFriendList(), chat.getFriendGroupList(), chat.getBlacklist(), chat.getFriendApplicationList(), chat.getMyProfile(),
  ]);
  const { nick, allowType, selfSignature } = mine.data;
  const side = type => applications.data.friendApplicationList.filter(it => it.type === type).map(it => it.userID).sort();
  return {
    profile: { nick, allowType, selfSignature },
    friends: friends.data.map(it => [it.userID, it.remark, it.groupList.toSorted()]).sort(),
    lists: groups.data.map(it => [it.name, it.userIDList.toSorted()]).sort(),
    blocked: blocked.data.toSorted(),
    sent: side(SDK.TYPES.SNS_APPLICATION_SENT_BY_ME),
    received: side(SDK.TYPES.SNS_APPLICATION_SENT_TO_ME),
  };
}

forEachSdk('A life', world => {
  const people = Array.from({ length: PEOPLE }, (_, index) => name(index));
  const model = new Model(people);
  const roll = dice(SEED);
  const one = list => list[roll(list.length)];
  const met = new Map();

  /** Somebody, mostly of those who are up or known. */
  const other = (user, shift) => {
    const known = [...model.of(user).friends.keys(), ...model.of(user).blocked];
    return [() => one(shift), () => one(people), () => (known.length ? one(known) : one(shift))][roll(3)]();
  };

  /** One action of a person: the code that the model wants, and the one that came. */
  async function act(user, actor, shift) {
    const to = other(user, shift);
    const remark = one(['', 'x', 'ein "Name" 家']);
    const asked = [...model.requests.keys()].map(it => it.split(' '));
    const waiting = asked.filter(it => it[1] === user);
    const sent = asked.filter(it => it[0] === user);
    const both = roll(2) === 0;
    switch (roll(10)) {
      case 0: case 1: case 2: {
        const how = { remark, list: roll(3) === 0 ? one(LISTS) : undefined, mutual: roll(4) > 0, forced: byRest(user) && roll(4) === 0 };
        return [`add ${to}`, model.add(user, to, how), await actor.add(to, how)];
      }
      case 3: case 4: {
        if (!actor.answer || waiting.length === 0) return undefined;
        const [from] = one(waiting);
        const how = one(['agree', 'both', 'both', 'refuse']);
        return [`${how} ${from}`, model.answer(user, from, how, remark), await actor.answer(from, how, remark)];
      }
      case 5: {
        if (actor.withdraw && sent.length > 0 && both) {
          const [, receiver] = one(sent);
          return [`withdraw ${receiver}`, model.withdraw(user, receiver), await actor.withdraw(receiver)];
        }
        return [`remark ${to}`, model.remark(user, to, remark), await actor.remark(to, remark)];
      }
      case 6:
        // An SDK does not ask for somebody that its user does not have.
        if (!byRest(user) && both && !model.of(user).friends.has(to)) return undefined;
        return [`unfriend ${to}`, model.unfriend(user, to, both), await actor.unfriend(to, both)];
      case 7:
        return both
          ? [`block ${to}`, model.block(user, to), await actor.block(to)]
          : [`unblock ${to}`, model.unblock(user, to), await actor.unblock(to)];
      case 8: {
        const list = one(LISTS);
        // An SDK looks itself whether its user has such a list, and is not told of all that others made.
        const isKnown = await actor.knows(list);
        if (isKnown && both) return [`drop ${list}`, model.dropList(user, list), await actor.dropList(list)];
        const call = isKnown ? 'fill' : 'list';
        return [`${call} ${list} ${to}`, model.list(user, list, to), await actor[call](list, to)];
      }
      default: {
        const change = [{ allowType: one(ALLOW) }, { nick: `Nick ${roll(1000)}` }, { selfSignature: remark || 'carpe diem' }][roll(3)];
        return [`profile ${JSON.stringify(change)}`, model.profile(user, change), await actor.profile(change)];
      }
    }
  }

  /** Lets some people be up together: every third with two pages, who act from either. */
  async function live(shift) {
    const pages = new Map();
    const open = async user => {
      const count = Number(user.slice(1)) % 3 === 0 ? 2 : 1;
      for (let it = 0; it < count; it += 1) pages.set(user, [...pages.get(user) ?? [], await world.open(user)]);
    };
    await Promise.all(shift.filter(it => !byRest(it)).map(open));
    for (let round = 0; round < ACTIONS; round += 1) {
      for (const user of shift) {
        const actor = byRest(user) ? new Backend(world.server, user) : new Page(one(pages.get(user)));
        // An SDK acts by what it has heard; news of the last action may still be on the way.
        if (actor.page) await shows(user, actor.page, ({ lists, ...rest }) => rest);
        const done = await act(user, actor, shift);
        if (!done) continue;
        const [what, expected, found] = done;
        // What an SDK refuses itself, the server would have refused too.
        if (found !== REFUSED || expected === 0) assert.equal(found, expected, `${user} ${what} (seed ${SEED})`);
        met.set(expected, (met.get(expected) ?? 0) + 1);
      }
    }
    for (const [user, list] of pages) {
      for (const page of list) {
        // No push tells of the lists themselves, only of the friends in them.
        await shows(user, page, ({ lists, ...rest }) => rest);
        page.page.close();
      }
    }
  }

  /** Waits until a page shows what the model says, as far as `part` picks it. */
  async function shows(user, page, part = it => it) {
    const expected = JSON.stringify(part(model.view(user)));
    let found;
    await until(() => `${user} shows\n${expected}, but\n${found} (seed ${SEED})`, async () => {
      found = JSON.stringify(part(await readBySdk(page)));
      return found === expected;
    });
  }

  test('everybody has what the model says, on every device and for the backend', { timeout: 240_000 }, async () => {
    for (let from = 0; from < PEOPLE; from += 100) {
      const AccountList = people.slice(from, from + 100).map(it => ({ UserID: it, Nick: `Nick ${it}` }));
      await world.server.ok('im_open_login_svc/multiaccount_import', { AccountList });
    }
    for (let from = 0; from < PEOPLE; from += SHIFT) await live(people.slice(from, from + SHIFT));
    for (const user of people) {
      const { sent, received, ...expected } = model.view(user);
      assert.deepEqual(await readByRest(world.server, user), expected, user);
    }
    for (const code of [0, 30001, 30515, 30516, 30525, 30539, 31704, 32216]) assert.ok(met.has(code), `${code} was never met: ${[...met]}`);
  });

  test('everything is there after a crash of the server', { timeout: 120_000 }, async () => {
    await world.server.kill9();
    await world.server.serve();
    const some = people.filter(it => !byRest(it)).slice(0, SHIFT);
    await Promise.all(some.map(async user => shows(user, await world.open(user))));
  });
}, { sdks: SDKS.filter(it => it.packageName === '@tencentcloud/chat'), settings: { 'login.max_web_instances': 2 } });
