// Every method of the vendor's API that asks the server is called by a test of this folder, or docs/COMPATIBILITY.md says
// why not. The list is spec/client/coverage.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const read = file => fs.readFileSync(path.join(HERE, file), 'utf8');

/** The rows of a table as lists of cells, without its head. */
function rows(text, title) {
  const [, section] = text.split(`## ${title}\n`);
  const lines = section.split('\n## ')[0].split('\n').filter(it => it.startsWith('| '));
  return lines.slice(1).map(it => it.split('|').slice(1, -1).map(cell => cell.trim()));
}

const contract = read('../../spec/client/coverage.md');
const compatibility = read('../../docs/COMPATIBILITY.md');
const tests = fs.readdirSync(HERE).filter(it => it.endsWith('.mjs') && it !== 'coverage.test.mjs').map(read).join('\n');
const excused = name => compatibility.includes(`\`${name}\``);

test('each method that asks the server is called', () => {
  const methods = rows(contract, 'Methods').filter(([, commands]) => !commands.startsWith('–'));
  assert.ok(methods.length > 100, `only ${methods.length} rows were read`);
  const missing = methods.map(([name]) => name).filter(name => !new RegExp(`[.'"]${name}\\b`).test(tests) && !excused(name));
  assert.deepEqual(missing, []);
});

test('each experimental name that asks the server is called', () => {
  const names = rows(contract, "Experimental names (`callExperimentalAPI`)")
    .filter(([, commands]) => !commands.startsWith('local')).flatMap(([names]) => names.split(/, | \/ /));
  assert.ok(names.length > 5, `only ${names.length} names were read`);
  assert.deepEqual(names.filter(name => !tests.includes(`'${name}'`) && !excused(name)), []);
});

test('each event is waited for', () => {
  const names = rows(contract, 'Events').map(([name]) => name.replace('TSignaling.', ''));
  assert.ok(names.length > 30, `only ${names.length} events were read`);
  assert.deepEqual(names.filter(name => !new RegExp(`\\b${name}\\b`).test(tests) && !excused(name)), []);
});
