// One person: a login of the vendor's SDK, and what its window shows of it.
import { reactive } from 'vue';
import core from '@tencentcloud/chat/index.es.js?url';
import groups from '@tencentcloud/chat/modules/group-module.js?url';

/** How long typing is shown after it was told of last, and how often it is told of. */
const TYPING_MS = 4000;
const TYPING_EVERY_MS = 2000;
/** What UIKit calls it, so that both show each other's. */
const TYPING = 'user_typing_status';
const QUIET = 1;

/**
 * The SDK gives one instance for each SDKAppID, so each person has a copy of its modules: a query makes it another one.
 * @param {string} user
 */
async function load(user) {
  // The content security policy allows no workers made of text. Where there are none at all, the SDK does without.
  Reflect.deleteProperty(globalThis, 'Worker');
  const query = `?${encodeURIComponent(user)}`;
  const [sdk, group] = await Promise.all([core, groups].map((it) => import(/* @vite-ignore */ new URL(it + query, location.href).href)));
  return { TencentCloudChat: sdk.default, modules: { 'group-module': group.default } };
}

/** @param {any} message */
function isTyping(message) {
  try {
    return JSON.parse(message.payload.data).businessID === TYPING;
  } catch {
    return false;
  }
}

/**
 * Logs in. What it returns is reactive; `talks` has one to one and the group by these names.
 * @param {{SDKAppID: number, groupID: string, people: {userID: string, userSig: string, name: string}[]}} given
 * @param {number} index
 */
export async function enter(given, index) {
  const [me, other] = [given.people[index], given.people[1 - index]];
  const { TencentCloudChat, modules } = await load(me.userID);
  const { EVENT, TYPES } = TencentCloudChat;
  const chat = TencentCloudChat.create({ SDKAppID: given.SDKAppID, proxyServer: location.origin.replace(/^http/, 'ws'), modules });
  chat.setLogLevel(QUIET);
  const talk = (type, to) => ({ conversationID: `${type}${to}`, type, to, messages: [], unread: 0, typing: '' });
  const person = reactive({
    me,
    other,
    state: 'connecting',
    talks: { c2c: talk(TYPES.CONV_C2C, other.userID), group: talk(TYPES.CONV_GROUP, given.groupID) },
  });
  /** The SDK's own objects by their ids: recalling needs them. */
  const originals = new Map();
  const quiet = new Map();
  const names = Object.fromEntries(given.people.map((it) => [it.userID, it.name]));
  let toldTyping = 0;
  let started = false;

  const talkOf = (message) => Object.values(person.talks).find((it) => it.conversationID === message.conversationID);
  const shown = (message) => ({
    id: message.ID,
    from: names[message.from] ?? message.from,
    mine: message.from === me.userID,
    text: message.type === TYPES.MSG_TEXT ? message.payload.text : undefined,
    kind: message.type,
    time: message.time,
    recalled: message.isRevoked,
    read: message.isPeerRead || (message.readReceiptInfo?.readCount ?? 0) > 0,
  });
  const isShown = (message) => message.type !== TYPES.MSG_GRP_TIP && !(message.type === TYPES.MSG_CUSTOM && isTyping(message));
  /** Shows a message as it has become, if it is shown. */
  const change = (message) => {
    const list = talkOf(message)?.messages ?? [];
    const at = list.findIndex((it) => it.id === message.ID);
    if (at >= 0) list[at] = shown(message);
    return at >= 0;
  };
  const show = (message) => {
    const place = talkOf(message);
    if (!place || !isShown(message)) return;
    originals.set(message.ID, message);
    if (!change(message)) place.messages.push(shown(message));
  };
  /** What was said before; what came meanwhile stays behind it. */
  const showPast = (place, list) => {
    const past = list.filter(isShown);
    const known = new Set(past.map((it) => it.ID));
    past.forEach((it) => originals.set(it.ID, it));
    place.messages = [...past.map(shown), ...place.messages.filter((it) => !known.has(it.id))];
  };
  const typing = (place, name) => {
    clearTimeout(quiet.get(place.type));
    place.typing = name;
    if (name) quiet.set(place.type, setTimeout(() => { place.typing = ''; }, TYPING_MS));
  };
  const came = (message) => {
    const place = talkOf(message);
    if (!place) return;
    if (message.type === TYPES.MSG_CUSTOM && isTyping(message)) return typing(place, names[message.from] ?? message.from);
    if (!isShown(message)) return;
    show(message);
    typing(place, '');
    // Before, the SDK counts: it tells again of what was unread at the login.
    if (started) place.unread += 1;
  };

  chat.on(EVENT.MESSAGE_RECEIVED, ({ data }) => data.forEach(came));
  chat.on(EVENT.MESSAGE_REVOKED, ({ data }) => data.forEach(change));
  chat.on(EVENT.MESSAGE_READ_BY_PEER, ({ data }) => data.forEach(change));
  chat.on(EVENT.MESSAGE_READ_RECEIPT_RECEIVED, ({ data }) => data.forEach(({ messageID, readCount }) => {
    const message = Object.values(person.talks).flatMap((it) => it.messages).find((it) => it.id === messageID);
    if (message) message.read = readCount > 0;
  }));
  chat.on(EVENT.KICKED_OUT, () => { person.state = 'kicked'; });
  chat.on(EVENT.NET_STATE_CHANGE, ({ data }) => {
    if (person.state !== 'kicked') person.state = data.state === TYPES.NET_STATE_CONNECTED ? 'online' : 'away';
  });

  const ready = new Promise((resolve) => { chat.on(EVENT.SDK_READY, resolve); });
  await chat.login({ userID: me.userID, userSig: me.userSig });
  await ready;
  for (const place of Object.values(person.talks)) {
    const { data } = await chat.getMessageList({ conversationID: place.conversationID });
    showPast(place, data.messageList);
  }
  const { conversationList } = (await chat.getConversationList()).data;
  for (const place of Object.values(person.talks)) {
    place.unread = conversationList.find((it) => it.conversationID === place.conversationID)?.unreadCount ?? 0;
  }
  started = true;
  person.state = 'online';

  return {
    person,
    /** @param {string} name of the conversation @param {string} text */
    async send(name, text) {
      const { to, type } = person.talks[name];
      const message = chat.createTextMessage({ to, conversationType: type, payload: { text }, needReadReceipt: name === 'group' });
      toldTyping = 0;
      const { data } = await chat.sendMessage(message);
      show(data.message);
    },
    /** Tells the others that something is being written. */
    async type(name) {
      if (Date.now() - toldTyping < TYPING_EVERY_MS) return;
      toldTyping = Date.now();
      const { to, type } = person.talks[name];
      const data = JSON.stringify({ businessID: TYPING, typingStatus: 1, userAction: 14, version: 1, actionParam: 'EIMAMSG_InputStatus_Ing' });
      await chat.sendMessage(chat.createCustomMessage({ to, conversationType: type, payload: { data } }), { onlineUserOnly: true });
    },
    /** What came has been seen. */
    async read(name) {
      const place = person.talks[name];
      if (place.unread === 0) return;
      place.unread = 0;
      await chat.setMessageRead({ conversationID: place.conversationID });
      const receipts = place.messages.map((it) => originals.get(it.id)).filter((it) => it.needReadReceipt && it.flow === 'in' && !it.isRevoked);
      if (receipts.length > 0) await chat.sendMessageReadReceipt(receipts);
    },
    /** @param {string} id */
    async recall(id) {
      const { data } = await chat.revokeMessage(originals.get(id));
      show(data.message);
    },
  };
}
