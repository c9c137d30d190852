// Numbers, times and texts as people read them. Pure functions.

/** @param {number} [second] @param {string} [lang] */
export function time(second, lang = 'en') {
  return second ? millis(second * 1000, lang) : '';
}

/** @param {number} [ms] @param {string} [lang] */
export function millis(ms, lang = 'en') {
  if (!ms) {
    return '';
  }
  return new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { dateStyle: 'short', timeStyle: 'medium' }).format(ms);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** @param {number} [count] */
export function bytes(count = 0) {
  let unit = 0;
  let rest = count;
  while (rest >= 1024 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? rest : rest.toFixed(1)} ${UNITS[unit]}`;
}

/** A number with at most one digit after the point; a dash for none. @param {number} [it] */
export function number(it) {
  return typeof it === 'number' && Number.isFinite(it) ? String(Math.round(it * 10) / 10) : '–';
}

/** A stretch of time as `2d 3h`, its two greatest units. @param {number} seconds */
export function stretch(seconds) {
  const units = [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]];
  let rest = Math.max(0, Math.floor(seconds));
  const parts = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (name === 's' && parts.length === 0)) {
      parts.push(`${count}${name}`);
    }
  }
  return parts.slice(0, 2).join(' ');
}

/** Until when somebody is muted: 4294967295 and beyond is for ever. @param {number} [second] @param {string} [lang] */
export function until(second, lang = 'en') {
  return (second ?? 0) >= 4294967295 ? '∞' : time(second, lang);
}

/** @param {unknown} it */
export function json(it) {
  return it === undefined ? '' : JSON.stringify(it, null, 2);
}

/** A text in a shell. @param {string} it */
export function quoted(it) {
  return `'${it.replaceAll("'", `'\\''`)}'`;
}

/**
 * The line that makes the same REST call.
 * @param {{command: string, body: unknown}} rest @param {string} base the server's address @param {number} app @param {string} admin
 */
export function curl(rest, base, app, admin) {
  const query = `sdkappid=${app}&identifier=${encodeURIComponent(admin)}&usersig='"$USERSIG"'&random='"$RANDOM"'&contenttype=json`;
  // The quotes inside the query close and open those around the address.
  return `curl -X POST '${base}/v4/${rest.command}?${query}' -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(rest.body))}`;
}

/** One cell of a CSV file; what a spreadsheet would take for a formula is made a text. @param {unknown} it */
function cell(it) {
  let text = it === undefined || it === null ? '' : String(it);
  if (typeof it === 'string' && /^[=+\-@\t\r]/.test(text)) {
    text = `'${text}`;
  }
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {Record<string, unknown>[]} rows */
export function csv(rows) {
  const names = [...new Set(rows.flatMap((it) => Object.keys(it)))];
  return [names, ...rows.map((it) => names.map((name) => it[name]))].map((it) => it.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** What one element of a message says, in short. @param {{MsgType?: string, MsgContent?: any}} it */
export function element(it) {
  const content = it?.MsgContent ?? {};
  switch (it?.MsgType) {
    case 'TIMTextElem': return String(content.Text ?? '');
    case 'TIMFaceElem': return `[face ${content.Index ?? ''}]`;
    case 'TIMLocationElem': return `[location ${content.Desc ?? ''}]`;
    case 'TIMFileElem': return `[file ${content.FileName ?? ''}]`;
    case 'TIMImageElem': return '[image]';
    case 'TIMSoundElem': return `[sound ${content.Second ?? ''}s]`;
    case 'TIMVideoFileElem': return `[video ${content.VideoSecond ?? ''}s]`;
    case 'TIMCustomElem': return `[custom] ${content.Desc || content.Data || ''}`;
    default: return it?.MsgType ? `[${it.MsgType}]` : json(it);
  }
}

/** @param {unknown} body the elements of a message, or of a tip its object */
export function said(body) {
  return Array.isArray(body) ? body.map(element).join(' ') : json(body);
}

/**
 * What was typed for a setting, as the kind of value that it has.
 * @param {string} typed @param {unknown} like its default
 */
export function typedValue(typed, like) {
  if (typeof like === 'string') {
    return typed;
  }
  if (typeof like === 'number') {
    const value = Number(typed);
    if (typed.trim() === '' || !Number.isFinite(value)) {
      throw new SyntaxError(`${typed}: not a number`);
    }
    return value;
  }
  return JSON.parse(typed);
}
