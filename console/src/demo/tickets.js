// Who the two are and their UserSigs: given once for the token of the link, then kept by this tab for reloads.

const KEPT = 'magpie.demo';

/** @returns {Promise<any>} what the server gave, or undefined where the link is not good (any more) */
export async function tickets() {
  const token = /^#([\w-]+)$/.exec(location.hash)?.[1];
  if (token) {
    // Out of the address bar, where it would be of no more use.
    history.replaceState(null, '', location.pathname);
    const answer = await fetch('tickets', { method: 'POST', body: token });
    if (answer.ok) {
      const text = await answer.text();
      sessionStorage.setItem(KEPT, text);
    }
  }
  const kept = sessionStorage.getItem(KEPT);
  return kept ? JSON.parse(kept) : undefined;
}
