// Waiting for a condition instead of for a time.
import { setTimeout as pause } from 'node:timers/promises';

import { now } from './usersig.mjs';

const STEP_MS = 20;

/**
 * The first truthy value of `look()`, asked again and again for at most `ms`. `what` names it in the failure:
 * a text, or a function that makes one then.
 */
export async function until(what, look, ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${typeof what === 'function' ? what() : what}`);
    await pause(STEP_MS);
  }
}

/** Returns in the first moments of a second; times of messages are whole seconds. */
export function nextSecond() {
  const start = now();
  return until('the next second', () => now() > start);
}
