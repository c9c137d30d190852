// What somebody does with a page of the console.
export const PASSWORD = 'a long enough password';

export function hands(page) {
  const dialog = () => page.locator('.t-dialog:visible');
  const press = (name, within = page) => within.getByRole('button', { name, exact: true }).click();
  return {
    dialog,
    press,
    go: async (name) => {
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    },
    fill: (label, text, within = page) => within.getByLabel(label).fill(text),
    sees: (text, within = page) => within.getByText(text).first().waitFor(),
    sure: () => press('yes', dialog()),
    close: () => dialog().locator('.t-dialog__close').click(),
    /** Comes by a one-time link and chooses a password. */
    enter: async (link) => {
      await page.goto(link);
      await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.getByLabel('Password again').fill(PASSWORD);
      await press('Set the password');
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    },
    /** The newest work of a kind, as the page shows it. */
    work: (name) => page.getByRole('article', { name, exact: true }).first(),
    /** Has a file chosen where the page asks for one. */
    give: (name, text) => page.getByLabel('File', { exact: true }).setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) }),
    /** What the browser saves after a click. */
    async saved(click) {
      const [download] = await Promise.all([page.waitForEvent('download'), click()]);
      const pieces = await (await download.createReadStream()).toArray();
      return { name: download.suggestedFilename(), text: Buffer.concat(pieces).toString() };
    },
    /** Calls the API as a script in the page could. */
    call: (path, body) => page.evaluate(async ([path, body]) => {
      const token = (await (await fetch('api/session')).json()).token;
      const headers = { 'Content-Type': 'application/json', 'X-Console-Token': token };
      const answer = await fetch(`api/${path}`, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await answer.text();
      return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
    }, [path, body]),
  };
}
