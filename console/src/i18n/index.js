import { ref } from 'vue';
import en from './en.js';
import zh from './zh.js';
import { fill } from './fill.js';

const DICTIONARIES = { en, zh };

export const language = ref('en');

/** @param {string} it */
export function setLanguage(it) {
  language.value = it in DICTIONARIES ? it : 'en';
}

/** @param {string} key @param {Record<string, unknown>} [values] */
export function t(key, values) {
  return fill(DICTIONARIES[language.value][key] ?? key, values);
}
