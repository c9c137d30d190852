// Tests that follow one another in the same windows.
import { test } from 'node:test';

/**
 * A test of steps. After a step that failed the others are skipped: they would only wait in vain.
 * @param {string} name
 * @param {{skip: string | false}} options
 * @param {(step: (name: string, run: () => Promise<void> | void) => Promise<void>) => Promise<void>} tell
 * @param {() => Promise<void>} [failed] looks at what there is to be seen after a failure
 */
export function story(name, options, tell, failed = async () => {}) {
  test(name, options, async (t) => {
    let broken = false;
    await tell((what, run) => t.test(what, { skip: broken && 'an earlier step failed' }, async () => {
      broken = true;
      try {
        await run();
        broken = false;
      } finally {
        if (broken) await failed();
      }
    }));
  });
}
