// `npm start`: a magpie, two people, the page, two links.
import { Magpie, PEOPLE, servePage } from './serve.mjs';

const port = Number(process.env.PORT ?? 0);
/** Another server than one of our own: then UserSigs are pasted into the page. */
const { MAGPIE_SERVER, MAGPIE_SDKAPPID } = process.env;

const magpie = MAGPIE_SERVER ? undefined : await new Magpie().start();
const server = MAGPIE_SERVER ?? magpie.url.replace('http', 'ws');
const SDKAppID = magpie?.SDKAppID ?? Number(MAGPIE_SDKAPPID ?? 1_400_000_001);
const page = await servePage(async user => ({ SDKAppID, server, userSig: magpie && PEOPLE.includes(user) ? await magpie.userSig(user) : '' }), port);
await magpie?.invite(page.url);

for (const user of PEOPLE) console.log(`${user.padEnd(6)} ${page.url}/?user=${user}`);
console.log(`magpie ${server}, SDKAppID ${SDKAppID}. Open the links in two windows; Ctrl-C ends everything.`);

let ending = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    if (ending) return;
    ending = true;
    page.close();
    await magpie?.stop();
  });
}
