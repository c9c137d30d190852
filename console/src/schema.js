// JSON schemas as people read them. Pure functions.

const DEPTH_MAX = 6;

/** @param {any} schema @returns {string} */
function typeOf(schema) {
  if (schema.enum) {
    return schema.enum.map((it) => JSON.stringify(it)).join(' | ');
  }
  if (schema.items) {
    return `[${typeOf(schema.items)}]`;
  }
  return [schema.type ?? 'any'].flat().join(' | ');
}

/**
 * The fields of an object and of those inside it, in the order of a walk.
 * @param {any} schema @param {number} [depth] @param {string} [prefix]
 * @returns {{path: string, name: string, type: string, required: boolean, description: string, depth: number}[]}
 */
export function outline(schema, depth = 0, prefix = '') {
  if (typeof schema !== 'object' || depth > DEPTH_MAX) {
    return [];
  }
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, it]) => {
    const path = `${prefix}${name}`;
    const field = typeof it === 'object' ? it : {};
    const required = (schema.required ?? []).includes(name);
    const row = { path, name, type: typeOf(field), required, description: field.description ?? '', depth };
    return [row, ...outline(field.items ?? field, depth + 1, `${path}.`)];
  });
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  return [...own, ...parts.flatMap((it, at) => outline(it, depth, `${prefix}${at}:`))];
}

/** A body with the required fields. @param {any} schema @param {number} [depth] @returns {any} */
export function example(schema, depth = 0) {
  if (typeof schema !== 'object' || depth > DEPTH_MAX) {
    return depth === 0 ? {} : '';
  }
  if (schema.enum) {
    return schema.enum[0];
  }
  switch ([schema.type].flat()[0]) {
    case 'integer':
    case 'number': return schema.minimum ?? 0;
    case 'string': return '';
    case 'boolean': return false;
    case 'array': return schema.items ? [example(schema.items, depth + 1)] : [];
    default: {
      const names = (schema.required ?? []).filter((it) => it in (schema.properties ?? {}));
      return Object.fromEntries(names.map((it) => [it, example(schema.properties[it], depth + 1)]));
    }
  }
}
