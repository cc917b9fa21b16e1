import { GROUPS, ROWS } from '../../src/conductor/option-table.ts';
import { defaultText, spelling } from '../../src/cli/help.ts';

/** The page docs/options.md, from the table of options. */
export function optionsPage(): string {
  const lines = [
    '# Options of `zoomosaic build`',
    '',
    'Made from [the table in the source](../src/conductor/option-table.ts) by `npx vitest run test/conductor/options-page.test.ts -u`; the test',
    'fails where the two differ. A program gives the same options by their names in camel case: `--cell-size` is `cellSize`, `--pin` is',
    '`pins`.',
    '',
  ];
  for (const group of GROUPS) {
    lines.push(`## ${group}`, '', '| option | default | what it does |', '| --- | --- | --- |');
    for (const [name, row] of ROWS.filter(([, { group: own }]) => own === group)) {
      const fallback = defaultText(row).trim().slice(1, -1);
      lines.push(`| \`${cell(spelling(name, row))}\` | ${cell(fallback)} | ${cell(row.help)} |`);
    }
    lines.push('');
  }
  return lines.join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
