/** Puts values at the places of a text that name them: `{name}`. @param {string} text @param {Record<string, unknown>} [values] */
export function fill(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name] ?? '') : whole));
}
