// The SDKs under test, and the server and clients of one test file.
import { after, before, describe } from 'node:test';
import { Client } from './client.mjs';
import { Server } from './server.mjs';

export const SDKS = [
  { name: '@tencentcloud/chat', packageName: '@tencentcloud/chat' },
  { name: 'tim-js-sdk', packageName: 'tim-js-sdk' },
];

/** The same clients talking in text frames. */
export const TEXT_FRAMES = SDKS.map(it => ({ ...it, name: `${it.name} with text frames`, devMode: true }));

/**
 * Describes `what` once for each SDK. `body` gets a world of its own: `server`, which runs from before the first
 * test on, and `open`, which makes a page.
 */
export function forEachSdk(what, body, { sdks = SDKS, settings = {} } = {}) {
  for (const sdk of sdks) {
    describe(`${what} (${sdk.name})`, () => {
      const clients = [];
      const world = {
        server: undefined,
        /** A page with the SDK; with a user it is logged in and has finished its first synchronisation. */
        async open(user, userSig) {
          const client = new Client({ server: world.server, ...sdk });
          clients.push(client);
          if (user) {
            await client.login(user, userSig);
            await client.synced();
          }
          return client;
        },
      };
      before(async () => { world.server = await Server.start(settings); });
      after(async () => {
        clients.forEach(it => it.page.close());
        await world.server?.stop();
      });
      body(world);
    });
  }
}
