// What the browser keeps for the pages of this server, if it keeps anything.

/** @param {string} key @param {string} other */
export function remembered(key, other) {
  try {
    return localStorage.getItem(`magpie.${key}`) ?? other;
  } catch {
    return other;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(`magpie.${key}`, value);
  } catch {
    // A browser that keeps nothing.
  }
}

/** Light or dark: as chosen before, else as the system is. */
export function rememberedTheme() {
  return remembered('theme', matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

/** `zh` or `en`: as chosen before, else as the browser is. */
export function rememberedLanguage() {
  return remembered('language', navigator.language.startsWith('zh') ? 'zh' : 'en');
}
