// The SDKs under test, and the server and clients of one test file.
import { after, before, describe } from 'node:test';
import { Client } from './client.mjs';
import { Names } from './names.mjs';
import { Server } from './server.mjs';

export const SDKS = [
  { name: '@tencentcloud/chat', packageName: '@tencentcloud/chat' },
  { name: 'tim-js-sdk', packageName: 'tim-js-sdk' },
];

const MODULES = ['group', 'relationship', 'signaling', 'cloud-search', 'follow'].map(it => `${it}-module`);
const moduleFile = name => `@tencentcloud/chat/modules/${name}.js`;

/** The SDK in parts, as bundlers take it: the smallest one, and with all its modules. */
export const BARE = { name: '@tencentcloud/chat without modules', packageName: '@tencentcloud/chat/index.es.js' };
export const MODULAR = {
  name: '@tencentcloud/chat with modules',
  packageName: '@tencentcloud/chat/index.es.js',
  options: (_, page) => ({ modules: Object.fromEntries(MODULES.map(it => [it, page.load(moduleFile(it))])) }),
};
/** The whole SDK as a page with a script tag has it. */
export const NEWEST = SDKS.filter(it => it.name === '@tencentcloud/chat');

/**
 * The small generation, which ignores `proxyServer` and so is reached by name alone.
 */
const LITE = { name: '@tencentcloud/lite-chat', packageName: '@tencentcloud/lite-chat', byName: true };

/** The SDKs as they look for the vendor, which finds Magpie when the vendor's names lead to it. */
export const BY_NAME = [
  ...SDKS.map(it => ({ ...it, name: `${it.name} by name`, byName: true })),
  LITE,
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
        /** A page that can upload, logged in. */
        async openForFiles(user) {
          const client = await world.open();
          client.chat.registerPlugin({ 'tim-upload-plugin': client.page.load('tim-upload-plugin') });
          await client.login(user);
          await client.synced();
          return client;
        },
      };
      before(async () => { world.server = await Server.start(settings, sdk.byName ? new Names() : undefined); });
      after(async () => {
        clients.forEach(it => it.page.close());
        await world.server?.stop();
      });
      body(world);
    });
  }
}
