// The rules of people's relations as plainly as possible: maps in memory. spec/concepts/relationships.md,
// spec/concepts/profiles.md. Every method returns the code that the server has to answer.

const PENDING_MAX = 100;

class Person {
  profile = { nick: '', allowType: 'AllowType_Type_AllowAny', selfSignature: '' };
  /** By user: remark and the names of the lists that the friend is in. */
  friends = new Map();
  /** Names in the order of their making. */
  lists = [];
  blocked = new Set();

  constructor(name) {
    this.name = name;
    this.profile.nick = `Nick ${name}`;
  }
}

export class Model {
  people = new Map();
  /** `sender receiver` → { remark, list } */
  requests = new Map();

  constructor(names) {
    for (const name of names) this.people.set(name, new Person(name));
  }

  of(name) {
    return this.people.get(name);
  }

  #end(sender, receiver) {
    return this.requests.delete(`${sender} ${receiver}`);
  }

  #insert(owner, other, remark = '', list) {
    const person = this.of(owner);
    if (list && !person.lists.includes(list)) person.lists.push(list);
    person.friends.set(other, { remark, lists: new Set(list ? [list] : []) });
  }

  /** `mutual` says whether both get an entry, `forced` that nobody is asked. */
  add(owner, other, { remark = '', list, mutual = true, forced = false }) {
    const [mine, theirs] = [this.of(owner), this.of(other)];
    if (!theirs) return 30003;
    if (owner === other || mine.friends.has(other)) return 30001;
    if (mine.blocked.has(other)) return 30515;
    if (theirs.blocked.has(owner)) return 30525;
    if (!forced && theirs.profile.allowType === 'AllowType_Type_DenyAny') return 30516;
    if (!forced && theirs.profile.allowType === 'AllowType_Type_NeedConfirm') {
      const open = [...this.requests.keys()].map(it => it.split(' '));
      const isFull = open.filter(it => it[0] === owner).length >= PENDING_MAX || open.filter(it => it[1] === other).length >= PENDING_MAX;
      if (!this.requests.has(`${owner} ${other}`) && isFull) return 30012;
      this.requests.set(`${owner} ${other}`, { remark, list });
      return 30539;
    }
    const addsTheirs = mutual && !theirs.friends.has(owner);
    this.#insert(owner, other, remark, list);
    this.#end(owner, other);
    if (addsTheirs) this.#insert(other, owner);
    if (addsTheirs || forced) this.#end(other, owner);
    return 0;
  }

  /** `owner` answers the request of `sender`: 'agree' one way, 'both', or 'refuse'. */
  answer(owner, sender, how, remark = '') {
    const request = this.requests.get(`${sender} ${owner}`);
    if (!request) return 30614;
    if (how !== 'refuse') {
      if (!this.of(sender).friends.has(owner)) this.#insert(sender, owner, request.remark, request.list);
      const mine = this.of(owner).friends.get(sender);
      if (mine) mine.remark = remark || mine.remark;
      else if (how === 'both') this.#insert(owner, sender, remark);
    }
    this.#end(sender, owner);
    if (how === 'both') this.#end(owner, sender);
    return 0;
  }

  withdraw(owner, receiver) {
    return this.#end(owner, receiver) ? 0 : 30614;
  }

  remark(owner, other, remark) {
    const entry = this.of(owner).friends.get(other);
    if (entry) entry.remark = remark;
    return entry ? 0 : 30001;
  }

  unfriend(owner, other, both) {
    const gone = this.of(owner).friends.delete(other);
    const goneThere = both && this.of(other).friends.delete(owner);
    return gone || goneThere ? 0 : 31704;
  }

  block(owner, other) {
    if (owner === other || this.of(owner).blocked.has(other)) return 30001;
    this.of(owner).blocked.add(other);
    this.of(owner).friends.delete(other);
    this.of(other).friends.delete(owner);
    this.#end(owner, other);
    this.#end(other, owner);
    return 0;
  }

  unblock(owner, other) {
    return this.of(owner).blocked.delete(other) ? 0 : 30001;
  }

  /** Makes a list, or takes the one that is there, and puts a friend into it. */
  list(owner, name, friend) {
    const person = this.of(owner);
    if (!person.lists.includes(name)) person.lists.push(name);
    const entry = person.friends.get(friend);
    entry?.lists.add(name);
    return entry ? 0 : 32216;
  }

  dropList(owner, name) {
    const person = this.of(owner);
    person.lists = person.lists.filter(it => it !== name);
    for (const entry of person.friends.values()) entry.lists.delete(name);
    return 0;
  }

  profile(owner, change) {
    Object.assign(this.of(owner).profile, change);
    return 0;
  }

  /** What is to be seen of a person, in an order that does not depend on who asks. */
  view(name) {
    const { profile, friends, lists, blocked } = this.of(name);
    const open = [...this.requests.keys()].map(it => it.split(' '));
    return {
      profile: { ...profile },
      friends: [...friends].map(([user, it]) => [user, it.remark, [...it.lists].sort()]).sort(),
      lists: lists.map(list => [list, [...friends].filter(it => it[1].lists.has(list)).map(it => it[0]).sort()]).sort(),
      blocked: [...blocked].sort(),
      sent: open.filter(it => it[0] === name).map(it => it[1]).sort(),
      received: open.filter(it => it[1] === name).map(it => it[0]).sort(),
    };
  }
}
