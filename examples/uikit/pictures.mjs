// The pictures that UIKit takes from the vendor's site, drawn plainly. Every answer is an SVG.

/** `emoji_0@2x.png` and so on, in UIKit's order. */
const EMOJI = [...'🥺😉😆😊😄😃🙂😢😑😲😏😍🤩🤭😈😡🥱😂🤪😭😘😖😨😁🤬😇💩🤐😮‍💨🙃😶💀😷🍺🎂🧧💣💜🎉🙏🌹🍉🐮🤡😳🙄👹🐷☕👌❤️🌞🌜🌟🤑🧨👏🤙🚫🙇🔪👍'
  .matchAll(/\p{Extended_Pictographic}\uFE0F?(?:\u200D\p{Extended_Pictographic})*/gu)].map(it => it[0]);
const COLOURS = ['#3b7de0', '#c2571a', '#2e8b57', '#8e44ad', '#b8336a'];

const svg = inside => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" width="40" height="40">${inside}</svg>`;
const letters = (text, colour) => svg(`<rect width="40" height="40" fill="${colour}"/>`
  + `<text x="20" y="27" font-family="sans-serif" font-size="20" text-anchor="middle" fill="#fff">${text}</text>`);

const person = svg('<rect width="40" height="40" fill="#9aa5b8"/><circle cx="20" cy="15" r="7" fill="#fff"/>'
  + '<path d="M6 38a14 14 0 0 1 28 0z" fill="#fff"/>');
const group = svg('<rect width="40" height="40" fill="#6b8fc9"/><circle cx="14" cy="16" r="5" fill="#fff"/>'
  + '<circle cx="27" cy="16" r="5" fill="#fff"/><path d="M5 33a9 9 0 0 1 18 0zm14 0a9 9 0 0 1 16 0z" fill="#fff"/>');
const file = svg('<path d="M9 3h15l8 8v26H9z" fill="#9aa5b8"/><path d="M24 3v8h8" fill="#d4dae4"/>');
const nothing = svg('');

/** The picture at a path below `/pictures/`. */
export function picture(path) {
  const face = /^face\/([a-z])[a-z]*\.svg$/.exec(path);
  if (face) return letters(face[1].toUpperCase(), COLOURS[face[1].charCodeAt(0) % COLOURS.length]);
  const emoji = EMOJI[/emoji_(\d+)@2x\.png$/.exec(path)?.[1]];
  if (emoji) return svg(`<text x="20" y="31" font-size="30" text-anchor="middle">${emoji}</text>`);
  if (/avatar_\d+|person\.svg/.test(path)) return person;
  if (/images\/(Work|Public|Meeting|AVChatroom|Community)|group_avatar|constomer/i.test(path)) return group;
  return /assets\/file-/.test(path) ? file : nothing;
}
