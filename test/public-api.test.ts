import { expect, test } from 'vitest';
import * as api from '../src/index.ts';

test('the library exports just this', () => {
  const shapes = Object.entries(api).map(([name, value]) => `${name}: ${typeof value}`);
  expect(shapes.toSorted()).toEqual([
    'HOSTS: object',
    'UserError: function',
    'build: function',
    'checkCatalog: function',
    'fit: function',
    'poster: function',
    'preview: function',
    'pruneCatalog: function',
    'rebase: function',
    'remove: function',
    'repair: function',
    'serve: function',
    'statCatalog: function',
    'verify: function',
  ]);
});
