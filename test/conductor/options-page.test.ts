import { expect, test } from 'vitest';
import { optionsPage } from '../helpers/options-page.ts';

test('docs/options.md is what the table of options makes', async () => {
  await expect(optionsPage()).toMatchFileSnapshot('../../docs/options.md');
});
