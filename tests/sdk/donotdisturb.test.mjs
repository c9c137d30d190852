// When a user does not want to be disturbed. spec/client/commands/im_msg_db_logic.*.yaml, spec/client/pushes.md 1.9.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { SDKS, forEachSdk } from './sdks.mjs';

forEachSdk('Do not disturb', world => {
  let ann, second, bob;
  before(async () => {
    await world.server.import('ann', 'bob');
    [ann, second, bob] = await Promise.all(['ann', 'ann', 'bob'].map(it => world.open(it)));
  });
  const read = async page => (await page.chat.getAllReceiveMessageOpt()).data;

  test('nobody has set it at first', async () => {
    assert.equal((await read(ann)).messageRemindType, ann.SDK.TYPES.MSG_REMIND_ACPT_AND_NOTE);
  });

  test('what one page sets the other is told, and both read', async () => {
    const from = second.mark();
    await ann.chat.setAllReceiveMessageOpt({
      messageRemindType: ann.SDK.TYPES.MSG_REMIND_ACPT_NOT_NOTE, startHour: 22, startMinute: 30, startSecond: 0, duration: 3600,
    });
    const told = await second.wait('ALL_RECEIVE_MESSAGE_OPT_UPDATED', undefined, { from });
    assert.equal(told.messageRemindType, ann.SDK.TYPES.MSG_REMIND_ACPT_NOT_NOTE);
    const [mine, other] = [await read(ann), await read(second)];
    assert.deepEqual(mine, other);
    assert.deepEqual([mine.messageRemindType, mine.endTime - mine.startTime, mine.isRepeated],
      [ann.SDK.TYPES.MSG_REMIND_ACPT_NOT_NOTE, 3600, true]);
    assert.equal(new Date(mine.startTime * 1000).getMinutes(), 30);
    assert.deepEqual(bob.all('ALL_RECEIVE_MESSAGE_OPT_UPDATED'), []);
  });

  test('messages come all the same', async () => {
    await ann.chat.setAllReceiveMessageOpt({ messageRemindType: ann.SDK.TYPES.MSG_REMIND_DISCARD });
    await bob.sendText('ann', 'are you there?');
    await ann.messageWithText('are you there?');
    await ann.unread('bob', 1);
  });
}, { sdks: SDKS.filter(it => it.name === '@tencentcloud/chat'), settings: { 'login.max_web_instances': 2 } });
