import { expect, test } from 'vitest';
import * as api from '../src/index.ts';

test('the library exports just this', () => {
  const shapes = Object.entries(api).map(([name, value]) => `${name}: ${typeof value}`);
  expect(shapes.toSorted()).toEqual([
    'HOSTS: object',
    'UserError: function',
    'build: function',
    'fit: function',
    'poster: function',
    'preview: function',
    'rebase: function',
    'remove: function',
    'repair: function',
    'serve: function',
    'verify: function',
  ]);
});
