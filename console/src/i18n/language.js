// Which language a page is in, and texts by their names. Every page has dictionaries of its own.
import { ref } from 'vue';
import { fill } from './fill.js';

const LANGUAGES = ['en', 'zh'];

export const language = ref('en');

/** @param {string} it */
export function setLanguage(it) {
  language.value = LANGUAGES.includes(it) ? it : 'en';
}

/**
 * A function that gives a text of these dictionaries in the language of the page.
 * @param {Record<string, Record<string, string>>} dictionaries
 */
export function texts(dictionaries) {
  /** @param {string} key @param {Record<string, unknown>} [values] */
  return (key, values) => fill(dictionaries[language.value][key] ?? key, values);
}
